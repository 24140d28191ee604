// SPDX-License-Identifier: Apache-2.0

/// One simulated cluster whose workers without a vote follow the feed: how large, how busy, who dies.
package struct FeedWorldPlan: Sendable {
    /// Who dies together, without a word: their machines lose power.
    package enum Victims: Sendable, Hashable {
        /// One relay of a region.
        case relay(region: Int)
        /// All relays of a region.
        case relays(region: Int)
        /// One worker of a region's second layer, if it has one.
        case branch(region: Int)
        case voter
    }

    package struct Death: Sendable, Hashable {
        package let atMS: UInt64
        package let victims: Victims

        package init(atMS: UInt64, victims: Victims) {
            self.atMS = atMS
            self.victims = victims
        }
    }

    package let seed: UInt64
    /// Workers without a vote, in all regions together.
    package let followerCount: Int
    package let regionCount: Int
    /// Spread over the first three regions, 2-2-1.
    package let voterCount: Int
    package let seconds: UInt64
    package let commandsPerSecond: UInt64
    package let commandBytes: Int
    package let deaths: [Death]

    /// Before this everybody starts at once and finds a source; nothing of it counts as calm.
    package static let warmUpMS: UInt64 = 5_000

    package init(
        seed: UInt64,
        followerCount: Int,
        regionCount: Int,
        voterCount: Int = 5,
        seconds: UInt64,
        commandsPerSecond: UInt64,
        commandBytes: Int = 300,
        deaths: [Death]
    ) {
        precondition(regionCount > 0 && voterCount > 0 && seconds > 5 && commandsPerSecond > 0)
        self.seed = seed
        self.followerCount = followerCount
        self.regionCount = regionCount
        self.voterCount = voterCount
        self.seconds = seconds
        self.commandsPerSecond = commandsPerSecond
        self.commandBytes = commandBytes
        self.deaths = deaths
    }

    /// The one whose figures are in the documentation: 5,000 observers in five regions.
    package static func measured(
        seed: UInt64 = 1,
        followerCount: Int = 5_000,
        commandsPerSecond: UInt64 = 100
    ) -> Self {
        Self(
            seed: seed,
            followerCount: followerCount,
            regionCount: 5,
            seconds: 40,
            commandsPerSecond: commandsPerSecond,
            deaths: [
                Death(atMS: 15_000, victims: .relay(region: 0)),
                Death(atMS: 20_000, victims: .branch(region: 1)),
                Death(atMS: 25_000, victims: .relays(region: 3)),
                Death(atMS: 32_000, victims: .voter),
            ]
        )
    }
}
