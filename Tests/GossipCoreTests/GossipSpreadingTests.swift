// SPDX-License-Identifier: Apache-2.0

import GossipCore
import Primitives
import Testing

/// Goal: rumours go out as often as they should and no more, and fit their packets.
@Suite struct GossipSpreadingTests {
    @Test func aRumourIsToldSoOftenAndThenForgotten() {
        var member = Member(1, of: 100)
        member.pass(5_000)
        _ = member.take()
        member.hear([GossipRumour(NodeID(2), GossipClaim(.alive, in: 9), by: NodeID(2))])
        member.pass(20_000)
        let told = member.take().packets.filter { packet in
            packet.kind != .compare && packet.rumours.contains { $0.node == NodeID(2) }
        }
        #expect(told.count == GossipSettings().rumourLimit(memberCount: 100))
    }

    @Test func manyRumoursShareThePacketsEvenlyAndFit() {
        var member = Member(1, of: 1_000)
        member.pass(5_000)
        _ = member.take()
        member.hear(
            (2...500).map {
                GossipRumour(NodeID($0), GossipClaim(.dead, in: 0), by: NodeID(3))
            }
        )
        member.pass(1_500)
        let packets = member.take().packets.filter { $0.kind != .compare }
        #expect(packets.allSatisfy { $0.byteCount <= 1_364 })
        #expect(packets.contains { $0.rumours.count > 45 })
        var counts = Array(repeating: 0, count: 501)
        for packet in packets {
            // What the dead are told of themselves, in case they are not, is told apart.
            for rumour in packet.rumours
            where rumour.claim.state == .dead && rumour.node != packet.target {
                counts[Int(rumour.node.rawValue)] += 1
            }
        }
        // The first one was told at once, before the others came.
        let least = counts[3...].min() ?? 0
        #expect(least > 0 && (counts[3...].max() ?? 0) <= least + 2, "\(counts)")
    }

    @Test func aComparisonHoldsEverythingAndConfirmsNothing() throws {
        var member = Member(1, of: 50)
        member.hear([
            GossipRumour(NodeID(2), GossipClaim(.dead, in: 4), by: NodeID(3)),
            GossipRumour(NodeID(5), GossipClaim(.suspect, in: 0), by: NodeID(6)),
            GossipRumour(NodeID(7), GossipClaim(.alive, in: 8), by: NodeID(7)),
        ])
        _ = member.take()
        member.receive(.compare, 3, from: 4)
        let table = try #require(member.take().packets.first { $0.kind == .compared })
        #expect(table.rumours.map(\.node.rawValue) == [1, 2, 5, 7])
        #expect(table.rumours[2].reporter == NodeID(6))
    }

    @Test func whoStillSuspectsTheDeadIsTold() {
        var member = Member(1, of: 50)
        member.hear([GossipRumour(NodeID(2), GossipClaim(.dead, in: 4), by: NodeID(3))])
        member.pass(30_000)
        _ = member.take()
        member.hear([GossipRumour(NodeID(2), GossipClaim(.suspect, in: 4), by: NodeID(5))])
        #expect(member.told(about: 2).contains(GossipClaim(.dead, in: 4)))
    }

    @Test func sameInputsSameEffects() {
        func run(_ seed: UInt64) -> [GossipEffect] {
            var member = Member(seed, of: 30)
            member.hear([GossipRumour(NodeID(2), GossipClaim(.suspect, in: 4), by: NodeID(3))])
            member.pass(10_000)
            return member.take()
        }
        #expect(run(7) == run(7))
        #expect(run(7) != run(8))
    }
}
