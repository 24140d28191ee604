// SPDX-License-Identifier: Apache-2.0

import GossipCore
import Primitives
import Testing

/// Goal: a closed port and no answer, found by two members, is a death at once; anything less waits.
@Suite struct GossipRefusalTests {
    private static let refusedElsewhere = GossipRumour(
        NodeID(2),
        GossipClaim(.suspect, in: 0),
        by: NodeID(3),
        isRefused: true
    )

    @Test func twoRefusalsAreADeathWithinASecond() {
        var member = Member(1, of: 5)
        member.give(.refused(NodeID(2)))
        #expect(member.gossip.state(of: NodeID(2)) == .alive)
        member.pass(200)
        #expect(member.gossip.state(of: NodeID(2)) == .suspect)
        member.hear([Self.refusedElsewhere])
        #expect(member.gossip.state(of: NodeID(2)) == .dead)
    }

    @Test func oneAloneWaitsHoweverOftenItIsSaid() {
        var member = Member(1, of: 5)
        for _ in 0..<5 { member.hear([Self.refusedElsewhere]) }
        member.pass(1_000)
        #expect(member.gossip.state(of: NodeID(2)) == .suspect)
    }

    @Test func whoAnswersAfterAllIsNoSuspect() throws {
        var member = Member(1, of: 5)
        _ = member.take()
        member.give(.refused(NodeID(2)))
        let ping = try #require(member.take().sent(.ping).last { $0.to == NodeID(2) })
        member.receive(.answer, ping.packet.sequence, from: 2, about: 2)
        member.pass(400)
        #expect(member.gossip.state(of: NodeID(2)) == .alive)
    }

    @Test func theNextOnesOfTheCircleLookThemselves() {
        for (node, isWitness) in [(3, true), (4, true), (5, true), (6, true), (7, false)] {
            var member = Member(UInt64(node), of: 9)
            _ = member.take()
            let rumour = GossipRumour(
                NodeID(2),
                GossipClaim(.suspect, in: 0),
                by: NodeID(9),
                isRefused: true
            )
            member.hear([rumour], from: 9)
            #expect(member.take().exchanges.contains(NodeID(2)) == isWitness, "\(node)")
        }
    }

    @Test func theWitnessesHearOfItAtOnce() {
        var member = Member(9, of: 9)
        _ = member.take()
        member.give(.refused(NodeID(2)))
        member.pass(200)
        let told = member.take().sent(.rumours).filter { rumours in
            rumours.packet.rumours.contains { $0.node == NodeID(2) && $0.isRefused }
        }
        #expect(Set(told.map(\.to.rawValue)).isSuperset(of: [3, 4, 5, 6]))
    }
}
