// SPDX-License-Identifier: Apache-2.0

import GossipCore
import GossipWorlds
import Primitives
import Testing

/// Goal: members over a network that loses, delays, doubles and repeats learn of every death and of
/// nothing else, and no invariant breaks on the way.
@Suite struct GossipWorldTests {
    private func world(
        _ seed: UInt64,
        _ count: Int,
        _ change: (inout GossipPlan) -> Void = { _ in }
    ) -> GossipWorld {
        var plan = GossipPlan(seed: seed, memberCount: count)
        change(&plan)
        return GossipWorld(plan)
    }

    // swift-format-ignore
    static let deaths: [(seed: UInt64, members: Int, lossThousandths: Int, limitMS: UInt64)] = [
        (1,    2,   0, 5_000),
        (2,    3,   0, 5_000),
        (3,   10,   0, 6_000),
        (4,   10, 100, 9_000),
        (5,  100,   0, 6_000),
        (6,  100,   0, 6_000),
        (7,  100, 100, 9_000),
    ]

    @Test(arguments: deaths)
    func aSilentDeathIsKnownEverywhere(
        seed: UInt64,
        members: Int,
        lossThousandths: Int,
        limitMS: UInt64
    ) {
        var world = world(seed, members) { $0.lossThousandths = lossThousandths }
        world.run(forMS: 5_000)
        world.lose(NodeID(2))
        let isKnown = world.runUntilKnown(withinMS: limitMS)
        #expect(isKnown, "\(world.spread as Any)")
        world.run(forMS: 2_000)
        #expect(world.tally.falseDeaths == 0)
        #expect(world.violation == nil)
    }

    @Test(arguments: [(UInt64(1), 3), (2, 10), (3, 100)])
    func aKilledProcessIsKnownWithinASecond(seed: UInt64, members: Int) {
        var world = world(seed, members)
        world.run(forMS: 5_000)
        world.kill(NodeID(1))
        let isKnown = world.runUntilKnown(withinMS: 1_000)
        #expect(isKnown, "\(world.spread as Any)")
        #expect(world.violation == nil)
    }

    #if DEBUG
    private static let crowd = 100
    #else
    private static let crowd = 1_000
    #endif

    /// They have all just started, and still greet each other.
    @Test func aCrowdLearnsOfASilentDeath() {
        var world = world(11, Self.crowd) { $0.isCoded = false }
        world.run(forMS: 2_000)
        world.lose(NodeID(50))
        let isKnown = world.runUntilKnown(withinMS: 8_000)
        #expect(isKnown, "\(world.spread as Any)")
        #expect(world.violation == nil)
        #expect(world.tally.falseDeaths == 0)
    }

    @Test(arguments: UInt64(1)...4)
    func lossAloneKillsNobody(seed: UInt64) {
        var world = world(seed, 30) {
            $0.lossThousandths = 100
            $0.duplicateThousandths = 50
        }
        world.run(forMS: 120_000)
        #expect(world.tally.falseDeaths == 0)
        #expect(world.violation == nil)
        #expect(world.tally.datagrams > 10_000)
    }

    /// A firewall lets only connections through.
    @Test func withoutDatagramsConnectionsDo() {
        var world = world(3, 20) { $0.hasDatagrams = false }
        world.run(forMS: 60_000)
        #expect(world.tally.falseSuspicions == 0)
        world.lose(NodeID(2))
        let isKnown = world.runUntilKnown(withinMS: 60_000)
        #expect(isKnown, "\(world.spread as Any)")
        #expect(world.tally.falseDeaths == 0)
        #expect(world.violation == nil)
    }

    @Test(arguments: UInt64(1)...4)
    func aStarvedMemberTakesNobodyDown(seed: UInt64) {
        var world = world(seed, 20)
        world.run(forMS: 5_000)
        world.starve(NodeID(3), upToMS: 3_000)
        world.run(forMS: 120_000)
        #expect(world.gossip(of: NodeID(3)).counters.stalls > 10, "it was not starved")
        #expect(world.tally.falseDeaths == 0)
        #expect(world.violation == nil)
    }

    @Test func aShortPauseIsObjectedToAndALongOneOverWhenItIs() {
        var world = world(5, 10)
        world.run(forMS: 5_000)
        world.pause(NodeID(4), forMS: 20_000)
        world.run(forMS: 15_000)
        #expect(world.state(of: NodeID(4), by: NodeID(1)) == .dead)
        world.run(forMS: 10_000)
        for node in UInt64(1)...10 {
            #expect(world.state(of: NodeID(4), by: NodeID(node)) == .alive)
        }
        for node in UInt64(1)...10 {
            #expect(world.state(of: NodeID(node), by: NodeID(4)) == .alive)
        }
        #expect(world.violation == nil)
    }

    @Test(arguments: [false, true])
    func whoStartsAgainIsAlive(isForgetful: Bool) {
        var world = world(6, 20) { $0.isForgetful = isForgetful }
        world.run(forMS: 5_000)
        world.kill(NodeID(7))
        let wasKnown = world.runUntilKnown(withinMS: 5_000)
        #expect(wasKnown)
        world.run(forMS: 10_000)
        world.restart(NodeID(7))
        let isKnown = world.runUntilKnown(withinMS: 4_000)
        #expect(isKnown, "\(world.spread as Any)")
        #expect(world.violation == nil)
    }

    @Test func whoLeavesIsKnownToHaveLeft() {
        var world = world(7, 50)
        world.run(forMS: 5_000)
        world.leave(NodeID(9))
        let isKnown = world.runUntilKnown(withinMS: 1_500)
        #expect(isKnown, "\(world.spread as Any)")
        #expect(world.tally.falseDeaths == 0)
        #expect(world.violation == nil)
    }

    @Test(arguments: [1, 10, 19])
    func twoSidesFindTogetherAgain(cut: Int) {
        var world = world(8, 20)
        world.run(forMS: 5_000)
        world.separate(first: cut)
        world.run(forMS: 30_000)
        // One alone doubts itself, and takes its time with the others.
        if cut < 19 { #expect(world.state(of: NodeID(1), by: NodeID(20)) == .dead) }
        if cut > 1 { #expect(world.state(of: NodeID(20), by: NodeID(1)) == .dead) }
        world.separate(first: 0)
        world.run(forMS: 20_000)
        for one in UInt64(1)...20 {
            for other in UInt64(1)...20 {
                #expect(world.state(of: NodeID(one), by: NodeID(other)) == .alive)
            }
        }
        #expect(world.violation == nil)
    }

    @Test func aThirdDyingAtOnceIsKnown() {
        var world = world(9, 60)
        world.run(forMS: 5_000)
        for node in 1...20 { world.lose(NodeID(UInt64(node))) }
        world.run(forMS: 25_000)
        for observer in UInt64(21)...60 {
            for node in UInt64(1)...20 {
                #expect(world.state(of: NodeID(node), by: NodeID(observer)) == .dead)
            }
        }
        #expect(world.tally.falseDeaths == 0)
        #expect(world.violation == nil)
    }

    /// Datagrams of a worker that was removed, and all others kept, come again for ten minutes.
    @Test func oldDatagramsChangeNothing() {
        var world = world(10, 12) { $0.replayThousandths = 100 }
        world.run(forMS: 20_000)
        world.leave(NodeID(5))
        world.run(forMS: 2_000)
        world.lose(NodeID(5))
        world.remove(NodeID(5))
        world.lose(NodeID(6))
        world.run(forMS: 20_000)
        let before = (1...12).map { world.gossip(of: NodeID($0)).views }
        world.forgetTally()
        for _ in 0..<600 {
            world.replayAll()
            world.run(forMS: 1_000)
        }
        #expect((1...12).map { world.gossip(of: NodeID($0)).views } == before)
        #expect(world.state(of: NodeID(5), by: NodeID(1)) == nil)
        #expect(world.tally.falseSuspicions == 0)
        #expect(world.violation == nil)
    }

    @Test func regionsLearnOfEachOthersDeathsAndOfSilence() {
        var world = world(12, 30) { $0.regionCount = 3 }
        world.run(forMS: 10_000)
        for node in UInt64(1)...30 {
            #expect(world.state(of: NodeID(node), by: NodeID(1)) == .alive)
        }
        world.lose(NodeID(5))
        let isKnown = world.runUntilKnown(withinMS: 8_000)
        #expect(isKnown, "\(world.spread as Any)")
        world.separate(region: 2)
        world.run(forMS: 40_000)
        #expect(world.state(of: NodeID(2), by: NodeID(1)) == .suspect)
        #expect(world.state(of: NodeID(3), by: NodeID(1)) == .alive)
        #expect(world.tally.falseDeaths == 0)
        world.separate(first: 0)
        world.run(forMS: 10_000)
        for node in UInt64(1)...30 where node != 5 {
            #expect(world.state(of: NodeID(node), by: NodeID(1)) == .alive)
        }
        #expect(world.violation == nil)
    }

    @Test func theSameSeedTellsTheSameStory() {
        func digest(_ seed: UInt64) -> UInt64 {
            var world = world(seed, 20) {
                $0.lossThousandths = 50
                $0.duplicateThousandths = 50
                $0.replayThousandths = 20
            }
            world.run(forMS: 5_000)
            world.lose(NodeID(3))
            world.run(forMS: 20_000)
            return world.digest
        }
        #expect(digest(1) == digest(1))
        #expect(digest(1) != digest(2))
    }
}
