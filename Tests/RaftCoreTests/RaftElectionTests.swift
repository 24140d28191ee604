// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore
import Testing

@Suite struct RaftElectionTests {
    @Test func aLoneVoterLeadsOnceItsVoteIsDurable() {
        var bench = Bench(1)
        bench.slowDisks = [1]
        bench.advance(1, by: 1_000)
        #expect(bench[1].role == .candidate)
        bench.flush(1)
        #expect(bench[1].role == .leader)
        #expect(bench[1].commit == LogIndex(0), "its no-op is not durable yet")
        bench.flush(1)
        #expect(bench[1].commit == LogIndex(2))
    }

    @Test(arguments: [2, 3, 4, 5, 7])
    func aClusterElectsOneLeader(count: Int) {
        var bench = Bench(count)
        bench.elect(1)
        #expect(bench[1].role == .leader)
        for node in 2...count { #expect(bench[node].leader == NodeID(1)) }
        #expect(bench[1].commit == LogIndex(2))
    }

    /// A node that was cut off comes back in the term it left (Cloudflare 2020).
    @Test func aRejoiningNodeDoesNotInflateTheTerm() {
        var bench = Bench(3)
        bench.elect(1)
        let term = bench[1].term
        for _ in 0..<50 {
            bench.advance(3, by: 1_000)
            bench.mail.removeAll()
        }
        #expect(bench[3].role == .preCandidate)
        #expect(bench[3].term == term)

        bench.advance(1, by: 50)
        bench.settle()
        #expect(bench[1].role == .leader)
        #expect(bench[3].leader == NodeID(1))
        #expect(bench[1].term == term)
    }

    @Test func whoHearsALeaderNeitherVotesNorAdoptsATerm() {
        var bench = Bench(3)
        bench.elect(1)
        let term = bench[2].term
        let request = RaftMessage(
            term: Term(99),
            body: .voteRequest(
                VoteRequest(
                    kind: .vote,
                    campaign: Term(99),
                    lastLog: LogPosition(term: Term(98), index: LogIndex(50))
                )
            )
        )
        bench.step(2, .received(request, from: Bench.voter(3)))
        #expect(bench[2].term == term)
        #expect(bench.mail.isEmpty)

        bench.advance(2, by: bench.settings.electionMS)
        bench.mail.removeAll()
        bench.step(2, .received(request, from: Bench.voter(3)))
        #expect(bench[2].hardState == HardState(term: Term(99), vote: NodeID(3)))
    }

    /// A pre-vote is a question: it changes nothing, whoever asks.
    @Test func aPreVoteChangesNothing() {
        var bench = Bench(3)
        let before = bench[2].hardState
        let request = RaftMessage(
            term: Term(40),
            body: .voteRequest(
                VoteRequest(
                    kind: .preVote,
                    campaign: Term(41),
                    lastLog: LogPosition(term: Term(40), index: LogIndex(9))
                )
            )
        )
        bench.mail.removeAll()
        bench.step(2, .received(request, from: Bench.voter(3)))
        #expect(bench[2].hardState == before)
        let reply = VoteReply(kind: .preVote, campaign: Term(41), granted: true)
        #expect(bench.mail.map(\.message.body) == [.voteReply(reply)])
    }

    struct VoteCase: Sendable, CustomTestStringConvertible {
        var testDescription: String
        var votedFor: UInt64?
        var ours: (term: UInt64, index: UInt64)
        var theirs: (term: UInt64, index: UInt64)
        var granted: Bool

        init(
            _ name: String,
            _ votedFor: UInt64?,
            _ ours: (UInt64, UInt64),
            _ theirs: (UInt64, UInt64),
            _ granted: Bool
        ) {
            testDescription = name
            self.votedFor = votedFor
            self.ours = ours
            self.theirs = theirs
            self.granted = granted
        }
    }

    // We are n1 in term 5; n2 asks for our vote in term 5.
    // swift-format-ignore
    static let voteCases: [VoteCase] = [
        //        case                      voted  ours    theirs   granted
        VoteCase("same log",                  nil, (4, 9), (4, 9),  true),
        VoteCase("theirs is longer",          nil, (4, 9), (4, 10), true),
        VoteCase("theirs is shorter",         nil, (4, 9), (4, 8),  false),
        VoteCase("later term beats length",   nil, (3, 9), (4, 1),  true),
        VoteCase("longer but older term",     nil, (4, 1), (3, 99), false),
        VoteCase("asked again",                 2, (4, 9), (4, 9),  true),
        VoteCase("promised to another",         3, (4, 9), (4, 9),  false),
    ]

    @Test(arguments: voteCases)
    func vote(_ row: VoteCase) {
        let ours = SnapshotMetadata(
            position: LogPosition(term: Term(row.ours.term), index: LogIndex(row.ours.index)),
            voters: VoterSet(incoming: []),
            byteCount: 0,
            checksum: 0
        )
        var node = Raft(
            settings: .lan,
            me: Bench.voter(1),
            restored: HardState(term: Term(5), vote: row.votedFor.map(NodeID.init)),
            snapshot: ours,
            entries: [],
            seed: 1
        )
        let theirs = LogPosition(term: Term(row.theirs.term), index: LogIndex(row.theirs.index))
        let request = VoteRequest(kind: .vote, campaign: Term(5), lastLog: theirs)
        let message = RaftMessage(term: Term(5), body: .voteRequest(request))

        let effects = node.step(.received(message, from: Bench.voter(2)))

        let reply = RaftMessage(
            term: Term(5),
            body: .voteReply(VoteReply(kind: .vote, campaign: Term(5), granted: row.granted))
        )
        guard row.granted, row.votedFor == nil else {
            #expect(effects == [.send(reply, to: Bench.voter(2), after: nil)])
            return
        }
        let write = LogWrite(
            sequence: WriteSequence(1),
            hardState: HardState(term: Term(5), vote: NodeID(2)),
            truncateFrom: nil,
            entries: []
        )
        #expect(
            effects == [
                .persist(write),
                .send(reply, to: Bench.voter(2), after: WriteSequence(1)),
            ]
        )
    }

    @Test func aNodeWithoutVotersVotesAndNeverCampaigns() {
        var node = Raft(
            settings: .lan,
            me: Bench.voter(1),
            restored: .initial,
            snapshot: nil,
            entries: [],
            seed: 1
        )
        #expect(node.step(.tick(now: 100_000)).isEmpty)
        let request = VoteRequest(
            kind: .vote,
            campaign: Term(2),
            lastLog: LogPosition(term: Term(1), index: LogIndex(1))
        )
        _ = node.step(
            .received(RaftMessage(term: Term(2), body: .voteRequest(request)), from: Bench.voter(2))
        )
        #expect(node.hardState.vote == NodeID(2))
    }

    /// A wiped disk is another voter: its vote does not count (etcd 3.5 lost writes this way).
    @Test func aVoteFromAnotherStoreDoesNotCount() {
        var bench = Bench(3)
        bench.advance(1, by: 1_000)
        bench.mail.removeAll()
        let wiped = Bench.voter(2, store: 666)
        let pre = VoteReply(kind: .preVote, campaign: Term(2), granted: true)
        bench.step(1, .received(RaftMessage(term: Term(1), body: .voteReply(pre)), from: wiped))
        #expect(bench[1].role == .preCandidate)
        bench.step(
            1,
            .received(RaftMessage(term: Term(1), body: .voteReply(pre)), from: Bench.voter(2))
        )
        #expect(bench[1].role == .candidate)
        let vote = VoteReply(kind: .vote, campaign: Term(2), granted: true)
        bench.step(1, .received(RaftMessage(term: Term(2), body: .voteReply(vote)), from: wiped))
        #expect(bench[1].role == .candidate)
        bench.step(
            1,
            .received(RaftMessage(term: Term(2), body: .voteReply(vote)), from: Bench.voter(2))
        )
        #expect(bench[1].role == .leader)
    }

    @Test func aLeaderWhoseConnectionsBrokeIsReplacedLongBeforeATimeout() {
        var bench = Bench(3)
        bench.elect(1)
        bench.advance(1, by: bench.settings.heartbeatMS)
        bench.settle()
        for node in 2...3 { bench.step(node, .disconnected(NodeID(1))) }
        var passedMS: UInt64 = 0
        while bench[2].role != .leader, bench[3].role != .leader, passedMS < 5_000 {
            for node in 2...3 { bench.advance(node, by: 5) }
            passedMS += 5
            bench.settle([2, 3])
        }
        #expect(passedMS <= 6 * bench.settings.heartbeatMS + 5)
        #expect(passedMS >= 2 * bench.settings.heartbeatMS)
    }

    @Test func oneBrokenConnectionUnseatsNobody() {
        var bench = Bench(3)
        bench.elect(1)
        bench.advance(1, by: bench.settings.heartbeatMS)
        bench.settle()
        let term = bench[1].hardState.term
        bench.step(2, .disconnected(NodeID(1)))
        // Neither while the leader is heard by another connection of its own…
        for _ in 0..<10 {
            bench.advanceAll(by: bench.settings.heartbeatMS)
            bench.settle()
        }
        #expect(bench[2].role == .follower)
        // …nor where one of two followers has lost it altogether.
        bench.step(2, .disconnected(NodeID(1)))
        for _ in 0..<10 {
            bench.advanceAll(by: bench.settings.heartbeatMS)
            bench.mail.removeAll { Set([$0.from, $0.to]) == [1, 2] }
            while let letter = bench.mail.first {
                bench.mail.removeFirst()
                if Set([letter.from, letter.to]) != [1, 2] { bench.deliver(letter) }
            }
        }
        #expect(bench[2].role == .preCandidate)
        #expect(bench[1].role == .leader)
        #expect(bench[1].hardState.term == term)
        #expect(bench[3].hardState.term == term)
    }

    @Test func aLeaderWithoutAQuorumSaysSoAndThenStepsDown() {
        var bench = Bench(3)
        bench.elect(1)
        bench.advance(1, by: 50)
        bench.settle()
        for _ in 0..<13 {
            bench.advance(1, by: 50)
            bench.mail.removeAll()
        }
        #expect(bench[1].role == .leader)
        bench.propose(1, 1)
        bench.step(1, .readIndex(RaftRequestID(2)))
        #expect(bench.drops(1) == [.noQuorum])
        #expect(bench.reads(1) == [.readFailed(RaftRequestID(2), .noQuorum)])

        for _ in 0..<8 { bench.advance(1, by: 50) }
        #expect(bench[1].role == .follower)
        #expect(bench[1].leader == nil)
    }

    /// Goal: a cluster that was just founded has a leader without an election timeout; where there is
    /// one, or votes are asked for already, nothing moves.
    @Test func whoStandsWhereNobodyLeadsWaitsForNoTimeout() {
        var bench = Bench(3)
        bench.step(2, .stand)
        bench.settle()
        #expect(bench[2].role == .leader)
        let term = bench[2].term
        for node in 1...3 { bench.step(node, .stand) }
        #expect(bench.mail.isEmpty)
        #expect(bench[2].role == .leader && bench[2].term == term)
    }

    @Test func whoStandsTwiceAsksOnce() {
        var bench = Bench(3)
        bench.step(1, .stand)
        let asked = bench.mail.count
        bench.step(1, .stand)
        #expect(bench.mail.count == asked)
    }
}
