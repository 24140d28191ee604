// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// A leader's attempts to hand over because its disk is full.
package struct Abdication: Sendable {
    private var last: (atMS: UInt64, count: Int)?

    package init() {}

    /// Whether the next attempt is due, at most one in `intervalMS`; both in milliseconds, on one clock.
    package func isDue(_ nowMS: UInt64, every intervalMS: UInt64) -> Bool {
        last.map { nowMS - min(nowMS, $0.atMS) >= intervalMS } ?? true
    }

    /// Who is asked now: whoever fits best at first (`nil`), then each of `others` in turn, because the
    /// best may have no space either.
    ///
    /// - Parameters:
    ///   - others: The other voters; at least one.
    ///   - nowMS: When this attempt is made.
    /// - Returns: For ``RaftInput/transferLeadership(to:)``.
    package mutating func nextHeir(among others: [NodeID], at nowMS: UInt64) -> NodeID? {
        precondition(!others.isEmpty, "nobody to hand over to")
        let count = last?.count ?? 0
        last = (nowMS, count + 1)
        return count == 0 ? nil : others[(count - 1) % others.count]
    }
}
