// SPDX-License-Identifier: Apache-2.0
import SimulationKit
import Testing

/// Small worlds of ``FeedWorld``; the large one is `dev/simulate --feed`.
@Suite(.timeLimit(.minutes(2)))
struct FeedWorldTests {
    private static func plan(
        seed: UInt64,
        followers: Int,
        regions: Int,
        deaths: [FeedWorldPlan.Death],
        seconds: UInt64 = 20
    ) -> FeedWorldPlan {
        FeedWorldPlan(
            seed: seed,
            followerCount: followers,
            regionCount: regions,
            seconds: seconds,
            commandsPerSecond: 10,
            deaths: deaths
        )
    }

    // swift-format-ignore
    static let deaths: [(what: String, victims: FeedWorldPlan.Victims, withinMS: UInt64)] = [
        ("a relay",                   .relay(region: 0),  2_000),
        ("a relay far from voters",   .relay(region: 3),  2_000),
        ("a voter",                   .voter,             2_000),
        ("all relays of a region",    .relays(region: 3), 2_500),
    ]

    /// Goal: whoever loses power, its followers are fed again in time, nothing is lost or doubled, and no
    /// age is stated that is too low.
    @Test(arguments: deaths)
    func followersChangeOver(
        _ row: (what: String, victims: FeedWorldPlan.Victims, withinMS: UInt64)
    ) {
        for seed in UInt64(1)...2 {
            var world = FeedWorld(
                Self.plan(
                    seed: seed,
                    followers: 60,
                    regions: 5,
                    deaths: [FeedWorldPlan.Death(atMS: 8_000, victims: row.victims)],
                    seconds: 14
                )
            )
            let report = world.run()
            #expect(report.violation == nil, "\(row.what), seed \(seed)")
            #expect(report.orphans > 0, "seed \(seed): nobody followed the dead")
            #expect(report.changeovers.count >= report.orphans - 3, "seed \(seed)")
            let longest = FeedWorldReport.percentile(100, of: report.changeovers) / 1_000
            #expect(longest <= row.withinMS, "\(row.what), seed \(seed)")
        }
    }

    /// Goal: what voters send does not grow with the number of observers.
    @Test func fiveTimesTheObserversCostTheVotersNothingMore() {
        let reports = [60, 300].map { followers in
            var world = FeedWorld(
                Self.plan(seed: 1, followers: followers, regions: 3, deaths: [], seconds: 10)
            )
            return world.run()
        }
        #expect(reports.allSatisfy { $0.violation == nil && $0.relays.serverCount == 9 })
        let (few, many) = (reports[0].voters, reports[1].voters)
        #expect(many.totalBytesPerSecond < few.totalBytesPerSecond * 11 / 10)
        #expect(many.mostStreams <= 9 && reports[1].relays.mostStreams > 30)
        #expect(reports[1].sharedCount > 10 * reports[1].encodedCount)
    }

    /// Goal: where one layer does not do there are two, and a branch that dies leaves nobody behind.
    @Test func aRegionOfOverNineHundredHasASecondLayer() {
        var world = FeedWorld(
            Self.plan(
                seed: 1,
                followers: 950,
                regions: 1,
                deaths: [FeedWorldPlan.Death(atMS: 6_500, victims: .branch(region: 0))],
                seconds: 11
            )
        )
        let report = world.run()
        #expect(report.violation == nil)
        #expect(report.branches.serverCount == 5 && report.orphans > 100)
        #expect(report.relays.mostStreams <= 300 && report.branches.mostStreams <= 300)
        #expect(FeedWorldReport.percentile(100, of: report.changeovers) <= 2_000_000)
    }

    @Test func aSeedTellsTheSameStoryTwice() {
        let reports = (0..<2).map { _ in
            var world = FeedWorld(
                Self.plan(seed: 5, followers: 60, regions: 3, deaths: [], seconds: 10)
            )
            return world.run()
        }
        #expect(reports[0].eventCount == reports[1].eventCount)
        #expect(reports[0].reached.map(\.afterUS) == reports[1].reached.map(\.afterUS))
    }
}
