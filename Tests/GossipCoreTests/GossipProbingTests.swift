// SPDX-License-Identifier: Apache-2.0

import GossipCore
import Primitives
import Testing

/// Goal: a member that does not answer is suspected and then dead, by the clock of the settings, and
/// no other is.
@Suite struct GossipProbingTests {
    /// Lets time pass until the next probe leaves.
    private func probe(of member: inout Member) throws -> (packet: GossipPacket, to: NodeID) {
        _ = member.take()
        for _ in 0..<200 {
            member.pass(10)
            if let ping = member.take().sent(.ping).first { return ping }
        }
        throw Missing()
    }

    private struct Missing: Error {}

    @Test func anAnswerInTimeIsAllThereIs() throws {
        var member = Member(1, of: 5)
        let ping = try probe(of: &member)
        member.answer(ping)
        member.pass(400)
        let effects = member.take()
        #expect(effects.sent(.pingForMe).isEmpty)
        #expect(member.gossip.state(of: ping.to) == .alive)
        #expect(member.gossip.counters.failedProbes == 0)
    }

    @Test func withoutOneThreeOthersAreAskedAndAConnectionIsTried() throws {
        var member = Member(1, of: 6)
        let ping = try probe(of: &member)
        member.pass(200)
        let effects = member.take()
        let asked = effects.sent(.pingForMe)
        #expect(Set(asked.map(\.to)).count == 3)
        #expect(asked.allSatisfy { $0.packet.target == ping.to && $0.to != ping.to })
        #expect(effects.exchanges == [ping.to])
        #expect(member.gossip.state(of: ping.to) == .alive)
        member.pass(300)
        #expect(member.gossip.state(of: ping.to) == .suspect)
        // 1.5 s to 9 s with six members, of whom none confirms.
        let took = member.timeOfDeath(of: ping.to.rawValue)
        #expect((8_900...9_100).contains(took), "\(took)")
    }

    @Test func anAnswerThroughAnotherCounts() throws {
        var member = Member(1, of: 6)
        let ping = try probe(of: &member)
        member.pass(250)
        let helper = try #require(member.take().sent(.pingForMe).first?.to)
        member.receive(
            .answer,
            ping.packet.sequence,
            from: helper.rawValue,
            about: ping.to.rawValue
        )
        member.pass(400)
        #expect(member.gossip.state(of: ping.to) == .alive)
    }

    @Test func whoIsAskedPassesTheAnswerOnAndSaysWhenThereIsNone() throws {
        var member = Member(1, of: 6)
        _ = member.take()
        member.receive(.pingForMe, 77, from: 2, about: 3)
        let ping = try #require(member.take().sent(.ping).first { $0.to == NodeID(3) })
        member.pass(170)
        let none = try #require(member.take().sent(.noAnswer).first)
        #expect(none.to == NodeID(2))
        #expect(none.packet.sequence == 77 && none.packet.target == NodeID(3))
        member.receive(.answer, ping.packet.sequence, from: 3, about: 3)
        let answer = try #require(member.take().sent(.answer).first)
        #expect(answer.to == NodeID(2))
        #expect(answer.packet.sequence == 77 && answer.packet.target == NodeID(3))
    }

    @Test func silentHelpersMakeAMemberDoubtItself() throws {
        var doubting = Member(1, of: 6)
        _ = try probe(of: &doubting)
        doubting.pass(500)
        #expect(doubting.gossip.awareness >= 3)

        var helped = Member(1, of: 6)
        let ping = try probe(of: &helped)
        helped.pass(250)
        for helper in helped.take().sent(.pingForMe) {
            helped.receive(
                .noAnswer,
                ping.packet.sequence,
                from: helper.to.rawValue,
                about: ping.to.rawValue
            )
        }
        helped.pass(250)
        #expect(helped.gossip.state(of: ping.to) == .suspect)
        #expect(helped.gossip.awareness == 0)
    }

    @Test func whoWasKeptFromRunningHoldsItAgainstNobody() throws {
        var member = Member(1, of: 6)
        let ping = try probe(of: &member)
        member.nowMS += 30_000
        member.give(.tick)
        #expect(member.gossip.counters.stalls == 1)
        member.answer(ping)
        for node in 2...6 { #expect(member.gossip.state(of: NodeID(UInt64(node))) == .alive) }
    }

    @Test func aSuspicionDoesNotRunOutWhileItsHolderSleeps() {
        var member = Member(1, of: 3)
        member.hear([GossipRumour(NodeID(2), GossipClaim(.suspect, in: 0), by: NodeID(3))])
        member.pass(100)
        member.nowMS += 3_600_000
        member.give(.tick)
        #expect(member.gossip.state(of: NodeID(2)) == .suspect)
    }

    @Test func theDeadAreAskedNowAndThenAndHearWhatIsSaidOfThem() {
        var member = Member(1, of: 3)
        let claim = GossipClaim(.dead, in: 4)
        member.hear([GossipRumour(NodeID(2), claim, by: NodeID(3))])
        var isAsked = false
        for _ in 0..<100 where !isAsked {
            member.pass(500)
            isAsked = member.take().sent(.ping).contains { ping in
                ping.to == NodeID(2)
                    && ping.packet.rumours.contains { $0.node == ping.to && $0.claim == claim }
            }
        }
        #expect(isAsked)
    }
}
