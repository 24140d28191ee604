// SPDX-License-Identifier: Apache-2.0

import GossipCore
import Primitives
import Testing

/// Goal: the catalog alone says who exists (what revived the dead in memberlist#312 has no way in).
@Suite struct GossipCatalogTests {
    private static let everything = MemberState.allCases.flatMap { state in
        [0, 5, 1 << 40].map { GossipRumour(NodeID(9), GossipClaim(state, in: $0), by: NodeID(9)) }
    }

    @Test func rumoursAboutNobodyAreNeitherBelievedNorPassedOn() {
        var member = Member(1, of: 3)
        member.pass(2_000)
        _ = member.take()
        member.hear(Self.everything)
        #expect(member.gossip.state(of: NodeID(9)) == nil)
        #expect(member.gossip.counters.unknownSubjects == UInt64(Self.everything.count))
        #expect(member.told(about: 9).isEmpty)
    }

    @Test func whomTheCatalogForgetsIsGoneWhateverIsSaid() {
        var member = Member(1, of: 9)
        member.hear([GossipRumour(NodeID(9), GossipClaim(.suspect, in: 3), by: NodeID(2))])
        #expect(member.gossip.state(of: NodeID(9)) == .suspect)
        member.give(.members(Member.members(8)))
        member.hear(Self.everything)
        member.receive(.ping, 5, from: 9, rumours: Self.everything)
        #expect(member.gossip.state(of: NodeID(9)) == nil)
        #expect(member.gossip.views.map(\.node.rawValue) == Array(1...8))
        _ = member.take()
        #expect(member.told(about: 9).isEmpty)
    }

    @Test func whoStaysKeepsWhatIsKnownOfIt() {
        var member = Member(1, of: 9)
        member.hear([GossipRumour(NodeID(5), GossipClaim(.dead, in: 3), by: NodeID(2))])
        member.give(.members(Member.members(12)))
        #expect(member.gossip.claim(of: NodeID(5)) == GossipClaim(.dead, in: 3))
        #expect(member.gossip.state(of: NodeID(12)) == .alive)
    }

    @Test func claimsOfAnEarlierIncarnationThanTheFirstAreIgnored() {
        var member = Member(1, of: 3)
        let later = [1, 2, 3].map {
            GossipMember(node: NodeID($0), region: 0, firstIncarnation: $0 == 2 ? 10 : 0)
        }
        member.give(.members(later))
        member.hear([GossipRumour(NodeID(2), GossipClaim(.dead, in: 9), by: NodeID(3))])
        #expect(member.gossip.state(of: NodeID(2)) == .alive)
        member.hear([GossipRumour(NodeID(2), GossipClaim(.dead, in: 10), by: NodeID(3))])
        #expect(member.gossip.state(of: NodeID(2)) == .dead)
    }

    @Test func aStrangerIsAnsweredAndNotBelieved() {
        var member = Member(1, of: 3)
        _ = member.take()
        let lie = GossipRumour(NodeID(2), GossipClaim(.dead, in: 0), by: NodeID(77))
        member.receive(.ping, 5, from: 77, rumours: [lie])
        #expect(member.gossip.state(of: NodeID(2)) == .alive)
        #expect(member.gossip.counters.strangers == 1)
        #expect(
            member.take().contains { effect in
                if case .answer(let packet) = effect { packet.sequence == 5 } else { false }
            }
        )
    }

    @Test func aMemberThatTheCatalogDoesNotNameKeepsStill() {
        var gossip = Gossip(me: NodeID(4), incarnation: 1, settings: GossipSettings(), seed: 1)
        _ = gossip.step(.members(Member.members(3)), nowMS: 0)
        #expect(gossip.dueMS == .max)
        #expect(gossip.step(.tick, nowMS: 60_000).isEmpty)
    }

    @Test func theNewestFactsOfASenderCountAndToldIsWhoIsAhead() {
        var member = Member(1, of: 3)
        var ahead = Gossip(me: NodeID(2), incarnation: 1, settings: GossipSettings(), seed: 2)
        _ = ahead.step(.members(Member.members(3)), nowMS: 0)
        var packets: [GossipPacket] = []
        for load in [100, 200] {
            let facts = GossipFacts(
                ringEpoch: RingEpoch(4),
                revision: Revision(50),
                load: UInt16(load),
                fill: 7
            )
            _ = ahead.step(.facts(facts), nowMS: 0)
            _ = ahead.step(.received(ping(to: 2)), nowMS: 0)
            packets += ahead.step(.received(ping(to: 2)), nowMS: 0).packets
        }
        _ = member.take()
        for packet in packets.reversed() + packets { member.give(.received(packet)) }
        let view = member.gossip.views.first { $0.node == NodeID(2) }
        #expect(view?.load == 200 && view?.fill == 7)
        let behind = GossipEffect.behind(
            NodeID(2),
            ringEpoch: RingEpoch(4),
            revision: Revision(50)
        )
        #expect(member.take().count { $0 == behind } == 1)
    }

    private func ping(to node: UInt64) -> GossipPacket {
        GossipPacket(
            kind: .ping,
            sequence: 1,
            sender: NodeID(3),
            incarnation: 0,
            target: NodeID(node),
            facts: GossipFacts()
        )
    }
}
