// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore
import Testing

/// Learners and joint consensus (Raft §6, thesis §4).
@Suite struct RaftMembershipTests {
    /// Three voters and one more node that gets the log.
    private func withLearner() -> Bench {
        var bench = Bench(4, voting: 3)
        bench.elect(1)
        bench.change(1, voters: [1, 2, 3], learners: [4])
        bench.settle()
        bench.beat()
        return bench
    }

    private static func set(
        _ incoming: [Int],
        outgoing: [Int] = [],
        learners: [Int] = []
    ) -> VoterSet {
        VoterSet(
            incoming: incoming.map { Bench.voter($0) },
            outgoing: outgoing.map { Bench.voter($0) },
            learners: learners.map { Bench.voter($0) }
        )
    }

    // MARK: - Learners

    @Test func aLearnerGetsTheLogAndCountsInNothing() {
        var bench = withLearner()
        #expect(bench[4].log.last == bench[1].log.last)
        #expect(bench[4].commit == bench[1].commit)
        bench.propose(1, 1)
        bench.settle([1, 4])
        #expect(bench[1].commit < bench[1].log.last.index, "a learner's word is no majority")
        bench.beat()
        #expect(bench[1].commit == bench[1].log.last.index)
    }

    @Test func aLearnerNeverCampaigns() {
        var bench = withLearner()
        for _ in 0..<10 { bench.advance(4, by: 500) }
        #expect(bench[4].role == .follower)
        #expect(bench.mail.isEmpty)
    }

    /// Its own view of who votes may be behind the candidate's (etcd's `campaign_learner_must_vote`).
    @Test func whoTakesItselfForALearnerVotesAllTheSame() {
        var bench = withLearner()
        bench.change(1, voters: [2, 4])
        bench.deliverAppends(to: 2)
        #expect(bench[2].voters == Self.set([2, 4], outgoing: [1, 2, 3]))
        #expect(bench[4].voters.learners == [Bench.voter(4)])
        for node in [3, 4] { bench.advance(node, by: 500) }
        bench.mail.removeAll()
        for _ in 0..<6 where bench[2].role != .leader {
            bench.advance(2, by: 500)
            bench.settle([2, 3, 4])
        }
        #expect(bench[2].role == .leader, "4's vote is needed for the new set")
    }

    // MARK: - Changes

    @Test func aVoterIsReplacedInOneJointChange() {
        var bench = withLearner()
        bench.change(1, voters: [1, 2, 4])
        #expect(bench[1].voters == Self.set([1, 2, 4], outgoing: [1, 2, 3]), "in force at once")
        bench.beat()
        for node in 1...4 {
            #expect(bench[node].voters == Self.set([1, 2, 4]), "node \(node)")
        }
        bench.propose(1, 5)
        bench.settle([1, 4])
        #expect(bench[1].commit == bench[1].log.last.index, "4 counts")
        #expect(bench.changeRefusals(1).isEmpty)
    }

    @Test func whoLeavesHearsThatItDid() {
        var bench = withLearner()
        bench.change(1, voters: [1, 2, 4])
        bench.beat()
        #expect(bench[3].status.committedVoters == Self.set([1, 2, 4]))
        for _ in 0..<20 {
            bench.advance(3, by: 500)
            #expect(bench[3].role == .follower)
        }
        #expect(bench.mail.isEmpty)
        bench.beat(30)
        #expect(bench[1].status.peers.map(\.voter.node.rawValue) == [2, 4], "and then forgotten")
    }

    @Test(arguments: [[1, 2], [1, 4, 5], [1, 2, 4]])
    func aJointDecisionNeedsBothMajorities(reachable: [Int]) {
        var bench = Bench(5, voting: 3)
        bench.elect(1)
        bench.change(1, voters: [1, 2, 3], learners: [4, 5])
        bench.beat()
        bench.change(1, voters: [1, 4, 5])
        bench.settle(Set(reachable))
        let isBoth = reachable == [1, 2, 4]
        #expect((bench[1].commit == bench[1].log.last.index) == isBoth)
        #expect(bench[1].voters.isJoint != isBoth)
    }

    @Test func aLeaderThatLeavesLeadsUntilThatIsCommitted() {
        var bench = withLearner()
        bench.change(1, voters: [2, 3, 4])
        #expect(bench[1].role == .leader)
        bench.settle()
        #expect(bench[1].role == .follower)
        #expect(bench[1].voters == Self.set([2, 3, 4]))
        let leaders = (2...4).filter { bench[$0].role == .leader }
        #expect(leaders.count == 1, "it named an heir, nobody waited for a timeout")
        bench.propose(leaders[0], 9)
        bench.settle()
        #expect(bench[leaders[0]].commit == bench[leaders[0]].log.last.index)
    }

    @Test func oneVoterBecomesAnother() {
        var bench = Bench(2, voting: 1)
        bench.elect(1)
        bench.change(1, voters: [1], learners: [2])
        bench.beat()
        bench.change(1, voters: [2])
        bench.beat()
        #expect(bench[1].role == .follower)
        #expect(bench[2].role == .leader)
        #expect(bench[2].voters == Self.set([2]))
    }

    // MARK: - Interrupted changes

    /// The next leader leaves the joint configuration that it found, whoever began it (etcd#12582).
    @Test func anotherLeaderLeavesTheJointConfiguration() {
        var bench = withLearner()
        bench.change(1, voters: [1, 2, 4])
        let leaving = bench[1].log.last.index
        bench.deliverAppends(to: 2)
        bench.elect(2, among: [2, 3, 4])
        bench.beat(3, among: [2, 3, 4])
        #expect(bench[2].role == .leader)
        for node in 2...4 { #expect(bench[node].voters == Self.set([1, 2, 4]), "node \(node)") }
        let configurations = (leaving.rawValue...bench[2].log.last.index.rawValue)
            .compactMap { bench[2].log.entry(at: LogIndex($0)) }
            .filter { $0.kind == .configuration }
        #expect(configurations.count == 2, "entered and left once each")
        bench.propose(2, 3)
        bench.settle([2, 3, 4])
        #expect(bench[2].commit == bench[2].log.last.index)
    }

    /// A lone voter hands its vote to two others and loses touch when it alone has the entry that ends
    /// the joint set.
    ///
    /// They need its vote and it has the longer log: it must lead once more.
    @Test func whoIsVotedOutByAnEntryItAloneHasLeadsOnceMore() {
        var bench = Bench(3, voting: 1)
        bench.elect(1)
        bench.change(1, voters: [1], learners: [2, 3])
        bench.beat()
        bench.change(1, voters: [2, 3])
        while bench[1].voters.isJoint, !bench.mail.isEmpty {
            bench.deliver(bench.mail.removeFirst())
        }
        bench.mail.removeAll()
        #expect(bench[1].voters == Self.set([2, 3]))
        #expect(bench[2].voters.isJoint && bench[3].voters.isJoint)
        for _ in 0..<25 { bench.advance(1, by: 50) }
        bench.mail.removeAll()
        #expect(bench[1].role != .leader, "nobody answered it for long")

        for _ in 0..<60 {
            bench.advanceAll(by: 100)
            bench.settle()
        }
        let leaders = (1...3).filter { bench[$0].role == .leader }
        #expect(leaders == [2] || leaders == [3])
        for node in 1...3 { #expect(bench[node].voters == Self.set([2, 3]), "node \(node)") }
    }

    @Test func anUncommittedChangeIsRolledBack() {
        var bench = withLearner()
        bench.change(1, voters: [1, 2, 4])
        bench.mail.removeAll()
        #expect(bench[1].voters.isJoint)
        bench.elect(2, among: [2, 3])
        #expect(bench[2].role == .leader)
        bench.advance(1, by: 1_000)
        bench.beat(4)
        #expect(bench[1].voters == Self.set([1, 2, 3], learners: [4]))
        #expect(bench[1].role == .follower)
    }

    /// A restart must not forget an uncommitted configuration (camunda#57386).
    @Test func aRestartFindsTheUncommittedChange() {
        var bench = withLearner()
        bench.change(1, voters: [1, 2, 4])
        bench.deliverAppends(to: 2)
        bench.restart(2)
        #expect(bench[2].voters == Self.set([1, 2, 4], outgoing: [1, 2, 3]))
    }

    // MARK: - Refusals

    @Test func aChangeBeforeTheFirstOwnCommitIsTooEarly() {
        var bench = Bench(3)
        for other in [2, 3] { bench.advance(other, by: 500) }
        for _ in 0..<8 where bench[1].role != .leader {
            bench.advance(1, by: 500)
            while !bench.mail.isEmpty {
                _ = bench.take { if case .append = $0.body { true } else { false } }
                if bench.mail.isEmpty { break }
                bench.deliver(bench.mail.removeFirst())
            }
        }
        #expect(bench[1].role == .leader)
        bench.change(1, voters: [1, 2])
        #expect(bench.changeRefusals(1) == [.tooEarly])
    }

    @Test func oneChangeAtATime() {
        var bench = withLearner()
        bench.change(1, voters: [1, 2, 4])
        bench.change(1, voters: [1, 2, 3])
        #expect(bench.changeRefusals(1) == [.underWay])
    }

    @Test func aChangeMadeForOtherMembersIsRefused() {
        var bench = withLearner()
        let change = MembershipChange(
            expected: Self.set([1, 2, 3]),
            voters: [Bench.voter(1), Bench.voter(2)]
        )
        bench.step(1, .changeMembers(RaftRequestID(1), change))
        #expect(bench.changeRefusals(1) == [.superseded(by: bench[1].voters)])
    }

    @Test func onlyTheLeaderChangesMembers() {
        var bench = withLearner()
        bench.change(2, voters: [1, 2])
        #expect(bench.changeRefusals(2) == [.notLeader(hint: NodeID(1))])
    }

    @Test(arguments: [[], [1, 1, 2], [1, 2, 3, 4, 5, 6, 7, 8]])
    func aMalformedSetIsRefused(voters: [Int]) {
        var bench = Bench(3)
        bench.elect(1)
        bench.change(1, voters: voters)
        #expect(bench.changeRefusals(1) == [.malformed])
    }

    @Test func nobodyGetsAVoteWithoutTheLog() {
        var bench = Bench(4, voting: 3)
        bench.elect(1)
        bench.change(1, voters: [1, 2, 4])
        #expect(bench.changeRefusals(1) == [.notCaughtUp([Bench.voter(4)])])

        bench.change(1, voters: [1, 2, 3], learners: [4])
        bench.settle([1, 2, 3])  // 4 is away.
        bench.change(1, voters: [1, 2, 4])
        #expect(bench.changeRefusals(1).last == .notCaughtUp([Bench.voter(4)]))
    }

    /// The new set abench must be able to go on.
    @Test func aSetThatDoesNotAnswerIsRefused() {
        var bench = withLearner()
        for _ in 0..<11 {
            for node in [1, 3, 4] { bench.advance(node, by: 50) }
            bench.settle([1, 3, 4])
        }
        bench.change(1, voters: [1, 2])
        #expect(bench.changeRefusals(1) == [.noQuorum])
        bench.change(1, voters: [1, 3])
        #expect(bench.changeRefusals(1) == [.noQuorum])
    }

    /// The same node on another disk is another voter.
    @Test func aWipedVoterCountsInNothing() {
        var bench = withLearner()
        let before = bench[1].commit
        bench.propose(1, 1)
        for letter in bench.take({ if case .append = $0.body { true } else { false } }) {
            guard case .append(let request) = letter.message.body else { continue }
            let forged = RaftMessage(
                term: letter.message.term,
                body: .appendReply(.accepted(request.lastIndex))
            )
            for node in [2, 3] {
                bench.step(1, .received(forged, from: Bench.voter(node, store: 66)))
            }
        }
        #expect(bench[1].commit == before)
    }

    // MARK: - Priorities

    @Test func leadershipMovesToWhereItIsWanted() {
        var bench = Bench(3)
        bench.elect(1)
        let priorities = [VoterSet.Priority(node: NodeID(3), value: 1)]
        bench.change(1, voters: [1, 2, 3], priorities: priorities)
        bench.beat(40)
        #expect(bench[3].role == .leader)
        #expect(bench[3].voters.priority(of: NodeID(3)) == 1)
        let term = bench[3].term
        bench.beat(400)
        #expect(bench[3].term == term, "and stays there")
    }

    /// Each 400 ms an entry; what node 3 writes is durable 200 ms after.
    private func write(_ bench: inout Bench, seconds: Int, isSlow: Bool) {
        for number in 0..<(seconds * 5 / 2) {
            if isSlow { bench.slowDisks = [3] }
            if let leader = (1...3).first(where: { bench[$0].role == .leader }) {
                bench.propose(leader, UInt64(5_000 + number))
            }
            bench.settle()
            bench.beat(4)
            bench.slowDisks = []
            bench.flush(3)
            bench.settle()
            bench.beat(4)
        }
    }

    /// Goal: a voter whose disk is slow is not made leader because it is preferred, only to hand over.
    @Test func aPreferredVoterWithASlowDiskIsNotAsked() {
        var bench = Bench(3)
        bench.elect(1)
        write(&bench, seconds: 2, isSlow: true)
        let priorities = [VoterSet.Priority(node: NodeID(3), value: 1)]
        bench.change(1, voters: [1, 2, 3], priorities: priorities)
        bench.settle()
        let term = bench[1].term
        write(&bench, seconds: 30, isSlow: true)
        #expect(bench[1].role == .leader && bench[1].term == term)
        write(&bench, seconds: 30, isSlow: false)
        #expect(bench[3].role == .leader, "once it is in time again")
    }

    /// Goal: a preferred voter that cannot take over costs less and less.
    @Test func anOfferThatFailsIsRepeatedMoreAndMoreSeldom() {
        var bench = Bench(3)
        bench.elect(1)
        let priorities = [VoterSet.Priority(node: NodeID(3), value: 1)]
        bench.change(1, voters: [1, 2, 3], priorities: priorities)
        bench.settle()
        var offers: [UInt64] = []
        for _ in 0..<6_000 {
            bench.advanceAll(by: 50)
            let lost = bench.take { if case .timeoutNow = $0.body { true } else { false } }
            if !lost.isEmpty { offers.append(bench[1].clockMS) }
            bench.settle()
        }
        #expect(bench[1].role == .leader)
        let pauses = zip(offers, offers.dropFirst()).map { ($1 - $0) / 1_000 }
        #expect(pauses == [5, 10, 20, 40, 80], "of 300 s")
    }

    @Test func aPreferredVoterThatIsAwayKeepsNobodyFromLeading() {
        var bench = Bench(3)
        bench.elect(1)
        let priorities = [VoterSet.Priority(node: NodeID(3), value: 1)]
        bench.change(1, voters: [1, 2, 3], priorities: priorities)
        bench.settle([1, 2])
        bench.beat(200, among: [1, 2])
        #expect(bench[1].role == .leader)
        bench.propose(1, 4)
        bench.settle([1, 2])
        #expect(bench[1].commit == bench[1].log.last.index)
    }
}

extension Bench {
    /// Delivers the appends that wait for one node, and loses everything else.
    fileprivate mutating func deliverAppends(to node: Int) {
        let appends = take { if case .append = $0.body { true } else { false } }
        for letter in appends where letter.to == node { deliver(letter) }
        mail.removeAll()
    }
}
