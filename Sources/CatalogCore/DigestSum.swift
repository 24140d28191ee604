// SPDX-License-Identifier: Apache-2.0

import Primitives

/// The sum of the hashes of everything a catalog holds: kept by each write, and made anew in rounds.
///
/// A write adds the hash of what it stores and takes away that of what it replaces. An entry that
/// changes in memory by itself and is never written again would not show in such a sum for ever. So
/// a patrol goes through the entries, some with every few commands, and adds up what it finds:
///
/// ```
///   entries by kind and key:   │ found by this round │ still to come │
///                                                   ▲ covered
/// ```
///
/// Writes to what the round has passed count in both sums. When a round ends, what it found takes the
/// place of what was kept: the same number, unless memory has changed.
///
/// Invariant: the sum depends on what is held alone, not on where the patrol is.
struct DigestSum: Sendable {
    /// Where an entry stands in the patrol's round.
    struct Place: Sendable, Comparable {
        let kind: DigestKind
        let key: ByteString

        static func < (lhs: Self, rhs: Self) -> Bool {
            (lhs.kind.rawValue, lhs.key) < (rhs.kind.rawValue, rhs.key)
        }
    }

    /// Wrapping sum of all hashes.
    private(set) var kept: UInt64 = 0
    /// Wrapping sum of the hashes of what this round has passed.
    private var found: UInt64 = 0
    /// The last place that this round has passed; `nil` at its start.
    private(set) var covered: Place?
    /// Rounds that found something else than was kept: each time, memory had changed by itself.
    private(set) var damageCount: UInt64 = 0
    /// Commands since the last patrol.
    private var commandCount: UInt64 = 0

    /// Counts a command; `true` with the last of each `interval`.
    mutating func isPatrolDue(each interval: UInt64) -> Bool {
        commandCount += 1
        guard commandCount >= interval else { return false }
        commandCount = 0
        return true
    }

    /// `hash` is stored at `place` now.
    mutating func add(_ hash: UInt64, at place: Place) {
        kept &+= hash
        if isCovered(place) { found &+= hash }
    }

    /// What has this hash leaves `place`.
    mutating func remove(_ hash: UInt64, at place: Place) {
        kept &-= hash
        if isCovered(place) { found &-= hash }
    }

    /// The round goes on to `place` and finds this hash there.
    mutating func cover(_ place: Place, finding hash: UInt64) {
        precondition(!isCovered(place), "the patrol passed \(place) already")
        found &+= hash
        covered = place
    }

    /// The round has passed everything.
    mutating func endRound() {
        if found != kept { damageCount += 1 }
        kept = found
        found = 0
        covered = nil
    }

    private func isCovered(_ place: Place) -> Bool {
        guard let covered else { return false }
        return place <= covered
    }
}
