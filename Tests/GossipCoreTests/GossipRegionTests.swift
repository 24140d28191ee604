// SPDX-License-Identifier: Apache-2.0

import GossipCore
import Primitives
import Testing

/// Goal: a region is as old as the last answer to a question of one's own says, and no younger.
@Suite struct GossipRegionTests {
    private static let members = [(1, 0), (2, 0), (3, 9)].map { node, region in
        GossipMember(node: NodeID(node), region: region)
    }

    private func packet(
        _ kind: GossipPacket.Kind,
        _ sequence: UInt32,
        ageMS: UInt32?
    ) -> GossipPacket {
        GossipPacket(
            kind: kind,
            sequence: sequence,
            sender: NodeID(2),
            incarnation: 0,
            target: NodeID(2),
            facts: GossipFacts(),
            regions: ageMS.map { [GossipPacket.RegionAge(region: 9, ageMS: $0)] } ?? []
        )
    }

    /// Answers every ping to the neighbour for so long, telling of the other region this age.
    private func answer(_ member: inout Member, forMS duration: UInt64, ageMS: UInt32?) {
        let end = member.nowMS + duration
        while member.nowMS < end {
            member.pass(10)
            for ping in member.take().sent(.ping) where ping.to == NodeID(2) {
                member.give(.received(packet(.answer, ping.packet.sequence, ageMS: ageMS)))
            }
        }
    }

    @Test func onlyAnswersMakeARegionYoung() {
        var member = Member(1, of: 2)
        member.give(.members(Self.members))
        #expect(member.gossip.state(of: NodeID(3)) == .alive)
        answer(&member, forMS: 20_000, ageMS: nil)
        #expect(member.gossip.state(of: NodeID(3)) == .suspect)
        #expect(member.gossip.claim(of: NodeID(3))?.state == .alive)

        // A packet from some earlier day, and the answer to a question that was not asked.
        member.give(.received(packet(.rumours, 0, ageMS: 0)))
        member.give(.received(packet(.answer, 12345, ageMS: 0)))
        #expect(member.gossip.state(of: NodeID(3)) == .suspect)

        answer(&member, forMS: 2_000, ageMS: 3_000)
        #expect(member.gossip.state(of: NodeID(3)) == .alive)
        answer(&member, forMS: 2_000, ageMS: 16_000)
        #expect(member.gossip.state(of: NodeID(3)) == .alive, "what was heard stays heard")
        answer(&member, forMS: 12_000, ageMS: 16_000)
        #expect(member.gossip.state(of: NodeID(3)) == .suspect)
    }
}
