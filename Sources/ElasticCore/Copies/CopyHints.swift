// SPDX-License-Identifier: Apache-2.0

/// Units of which a reader was told lately that more workers have them than their mount asks for.
///
/// A hint lasts ``lifetimeMS``; then the first owner is asked again, and gives the next one. At most
/// ``unitLimit`` hints; of more none is kept.
package struct CopyHints: Sendable {
    package static let unitLimit = 4_096
    package static let lifetimeMS: UInt64 = 5_000

    private struct Hint: Sendable {
        let copies: Int
        let untilMS: UInt64
    }

    /// By the hash of the unit's placement.
    private var hints: [UInt64: Hint] = [:]

    package init() {}

    package var isEmpty: Bool { hints.isEmpty }

    /// The first owner says how many of the owners have a unit; fewer than two is no hint.
    package mutating func heard(_ copies: Int, of hash: UInt64, nowMS: UInt64) {
        guard copies > 1 else {
            hints[hash] = nil
            return
        }
        if hints[hash] == nil, hints.count >= Self.unitLimit {
            hints = hints.filter { $0.value.untilMS > nowMS }
            guard hints.count < Self.unitLimit else { return }
        }
        hints[hash] = Hint(copies: copies, untilMS: nowMS + Self.lifetimeMS)
    }

    /// How many of a unit's owners have it, as far as is known; 0: nothing is.
    package mutating func copies(of hash: UInt64, nowMS: UInt64) -> Int {
        guard let hint = hints[hash] else { return 0 }
        guard hint.untilMS > nowMS else {
            hints[hash] = nil
            return 0
        }
        return hint.copies
    }
}
