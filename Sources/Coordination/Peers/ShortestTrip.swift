// SPDX-License-Identifier: Apache-2.0

/// The shortest of the round trips within the last five to ten seconds.
///
/// Longer ones waited for a busy processor, or for a packet to be sent again, and say nothing of the way.
/// Behind a silence of ten the way may be another: what was before it counts no more.
package struct ShortestTrip: Sendable {
    private static let spanMS: UInt64 = 5_000

    private var current: UInt64 = .max
    private var before: UInt64 = .max
    private var beganMS: UInt64?

    package init() {}

    /// In milliseconds; `nil` before the first.
    package var milliseconds: UInt64? {
        let least = min(current, before)
        return least == .max ? nil : least
    }

    /// Takes note of one, on a clock that never goes back.
    package mutating func add(_ milliseconds: UInt64, atMS now: UInt64) {
        if let beganMS, now - min(now, beganMS) < Self.spanMS {
            current = min(current, milliseconds)
        } else {
            let isOld = beganMS.map { now - min(now, $0) >= 2 * Self.spanMS } ?? true
            (before, current, beganMS) = (isOld ? .max : current, milliseconds, now)
        }
    }
}
