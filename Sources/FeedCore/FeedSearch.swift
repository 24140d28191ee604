// SPDX-License-Identifier: Apache-2.0
import Primitives

/// The search for a better source than the present one: nearer, or younger where this one is old.
///
/// One question at a time, and after each that finds nothing a pause twice as long: where nobody in the
/// whole cluster has anything younger, looking for it must not become a load.
struct FeedSearch: Sendable {
    /// A source and how old it said to be.
    typealias Standing = (tier: Int, age: Timespan?)

    /// A source older than this is exchanged for a younger one, if there is one.
    private static let poorAgeMS: UInt64 = 3000
    /// What makes a change for the age alone worth while.
    private static let gainMS: UInt64 = 1000
    private static let shortestPauseMS: UInt64 = 1000
    private static let longestPauseMS: UInt64 = 16_000

    private var nextMS: UInt64 = 0
    private var pauseMS = shortestPauseMS
    private var turn = 0

    static func isPoor(_ age: Timespan?) -> Bool { (age?.milliseconds ?? .max) > poorAgeMS }

    /// A new source has time to show what it is.
    mutating func begin(atMS now: UInt64, using generator: inout SplitMix64) {
        nextMS = now + (2 * Self.poorAgeMS).jittered(using: &generator)
    }

    /// The present source is the one it should be.
    mutating func isFruitful() { pauseMS = Self.shortestPauseMS }

    /// Whom to ask now.
    mutating func next(
        from present: Standing,
        of sources: FeedSources,
        except source: NodeID,
        atMS now: UInt64,
        using generator: inout SplitMix64
    ) -> NodeID? {
        let isPoor = Self.isPoor(present.age)
        guard now >= nextMS, isPoor || present.tier > 0 else { return nil }
        nextMS = now + pauseMS.jittered(using: &generator)
        pauseMS = min(2 * pauseMS, Self.longestPauseMS)
        let wanted = isPoor ? sources.tiers[...] : sources.tiers.prefix(present.tier)
        let candidates = wanted.joined().filter { $0 != source }
        guard !candidates.isEmpty else { return nil }
        turn = (turn + 1) % candidates.count
        return candidates[turn]
    }

    /// Whether to change over to who has room.
    func isWorthChanging(from present: Standing, to other: Standing) -> Bool {
        guard Self.isPoor(present.age) else {
            return other.tier < present.tier && !Self.isPoor(other.age)
        }
        guard let age = other.age?.milliseconds else { return false }
        return age + Self.gainMS <= present.age?.milliseconds ?? .max
    }
}
