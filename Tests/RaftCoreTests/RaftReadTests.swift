// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore
import Testing

@Suite struct RaftReadTests {
    @Test func aReadIsAnsweredAfterOneRound() {
        var bench = Bench(3)
        bench.elect(1)
        bench.step(1, .readIndex(RaftRequestID(1)))
        #expect(bench.reads(1).isEmpty)
        bench.settle()
        #expect(bench.reads(1) == [.readReady(RaftRequestID(1), LogIndex(2))])
    }

    @Test func aLoneVoterAnswersAtOnce() {
        var bench = Bench(1)
        bench.elect(1)
        bench.step(1, .readIndex(RaftRequestID(1)))
        #expect(bench.reads(1) == [.readReady(RaftRequestID(1), LogIndex(2))])
    }

    /// A new leader does not know yet what its predecessor committed (etcd#7331).
    @Test func aReadBeforeTheNoOpIsCommittedIsHeld() {
        var bench = Bench(3)
        bench.elect(1)
        bench.propose(1, 1)
        bench.settle()
        bench.elect(2, among: [])
        bench.mail.removeAll()
        // Node 2 wins, but its no-op reaches nobody yet.
        var appends: [Bench.Letter] = []
        for _ in 0..<20 where bench[2].role != .leader {
            bench.advance(2, by: 1_000)
            bench.advance(3, by: 600)
            while !bench.mail.isEmpty {
                let letter = bench.mail.removeFirst()
                guard letter.from != 1, letter.to != 1 else { continue }
                if case .append = letter.message.body {
                    appends.append(letter)
                } else if letter.from == 2 || letter.to == 2 {
                    bench.deliver(letter)
                }
            }
        }
        #expect(bench[2].role == .leader)
        #expect(!appends.isEmpty)
        bench.step(2, .readIndex(RaftRequestID(9)))
        bench.advance(2, by: 50)
        for letter in bench.take({ if case .append = $0.body { false } else { true } }) {
            if letter.to == 3 { bench.deliver(letter) }
        }
        for letter in bench.take({ if case .heartbeatReply = $0.body { true } else { false } }) {
            bench.deliver(letter)
        }
        #expect(bench.reads(2).isEmpty, "a quorum follows it, but its commit index may be old")
        bench.step(3, .readIndex(RaftRequestID(10)))
        for letter in bench.take({ if case .readRequest = $0.body { true } else { false } }) {
            bench.deliver(letter)
        }
        let answers = bench.take { if case .readReply = $0.body { true } else { false } }
        #expect(answers.isEmpty, "the question proves that it is followed, and no more")

        for letter in appends { bench.deliver(letter) }
        bench.settle([2, 3])
        #expect(bench.reads(2) == [.readReady(RaftRequestID(9), bench[2].log.last.index)])
    }

    /// An answer confirms the round it answers, and no later one (etcd#20418).
    @Test func aDelayedAnswerDoesNotConfirmALaterRead() {
        var bench = Bench(3)
        bench.elect(1)
        bench.advance(1, by: 50)
        for letter in bench.take({ _ in true }) { bench.deliver(letter) }
        let late = bench.take { if case .heartbeatReply = $0.body { true } else { false } }
        #expect(late.count == 2)

        bench.step(1, .readIndex(RaftRequestID(1)))
        bench.mail.removeAll()
        for letter in late { bench.deliver(letter) }
        #expect(bench.reads(1).isEmpty)

        bench.advance(1, by: 50)
        bench.settle()
        #expect(bench.reads(1) == [.readReady(RaftRequestID(1), LogIndex(2))])
    }

    @Test func readsThatWaitShareARound() {
        var bench = Bench(3)
        bench.elect(1)
        for request in 1...100 { bench.step(1, .readIndex(RaftRequestID(UInt64(request)))) }
        #expect(bench.mail.count == 1, "one heartbeat, to one of the followers")
        bench.settle()
        #expect(bench.reads(1).count == 100)
    }

    /// Goal: a round for reads wakes no more voters than its proof needs.
    @Test(arguments: [(1, 0), (3, 1), (5, 2), (7, 3)])
    func aReadAsksNoMoreThanAQuorum(voters: Int, asked: Int) {
        var bench = Bench(voters)
        bench.elect(1)
        bench.advance(1, by: 10)
        bench.mail.removeAll()
        bench.step(1, .readIndex(RaftRequestID(1)))
        #expect(bench.mail.count == asked)
        bench.settle()
        #expect(bench.reads(1) == [.readReady(RaftRequestID(1), LogIndex(2))])
    }

    /// Goal: who was asked alone and is silent holds a read up for a tick or two, not for a heartbeat.
    @Test func everybodyIsAskedWhereTheFirstIsSilent() {
        var bench = Bench(3)
        bench.elect(1)
        bench.step(1, .readIndex(RaftRequestID(1)))
        let asked = bench.mail.map(\.to)
        bench.mail.removeAll()
        bench.advance(1, by: 10)
        #expect(bench.mail.isEmpty, "it may still answer")
        bench.advance(1, by: 10)
        #expect(Set(bench.mail.map(\.to)) == [2, 3])
        bench.settle(Set([1, 2, 3]).subtracting(asked))
        #expect(bench.reads(1) == [.readReady(RaftRequestID(1), LogIndex(2))])
    }

    /// Goal: a voter that is gone is not asked first for long.
    @Test func whoWasNotHeardLatelyIsNotAskedAlone() {
        var bench = Bench(3)
        bench.elect(1)
        for _ in 0..<4 {
            bench.advance(1, by: 50)
            bench.settle([1, 3])
        }
        bench.step(1, .readIndex(RaftRequestID(1)))
        #expect(bench.mail.map(\.to) == [3])
    }

    /// Goal: of three voters the one that asks and the leader are a quorum: nobody else is asked.
    @Test func aFollowersQuestionIsItsProof() throws {
        var bench = Bench(3)
        bench.elect(1)
        bench.propose(1, 1)
        bench.settle()
        bench.step(2, .readIndex(RaftRequestID(1)))
        let question = try #require(bench.take { _ in true }.first)
        bench.deliver(question)
        #expect(bench.mail.map(\.to) == [2], "an answer, and no heartbeat")
        bench.settle()
        #expect(bench.reads(2) == [.readReady(RaftRequestID(1), LogIndex(3))])
    }

    /// Goal: of five voters they are none, however often it asks.
    @Test func aFollowersQuestionIsNoProofForFive() throws {
        var bench = Bench(5)
        bench.elect(1)
        bench.step(2, .readIndex(RaftRequestID(1)))
        let question = try #require(bench.take { _ in true }.first)
        for _ in 0..<3 { bench.deliver(question) }
        let answers = bench.take { if case .readReply = $0.body { true } else { false } }
        #expect(answers.isEmpty)
        bench.settle()
        #expect(bench.reads(2) == [.readReady(RaftRequestID(1), LogIndex(2))])
    }

    /// Goal: a store that does not vote proves nothing.
    @Test func aLearnersQuestionIsNoProof() {
        var bench = Bench(4, voting: 3)
        bench.elect(1, among: [1, 2, 3])
        bench.change(1, voters: [1, 2, 3], learners: [4])
        bench.settle()
        bench.beat()
        bench.step(4, .readIndex(RaftRequestID(1)))
        bench.settle([1, 4])
        #expect(bench.reads(4).isEmpty)
    }

    @Test func aFollowerForwardsReadsAndAnswersItsOwnClients() {
        var bench = Bench(3)
        bench.elect(1)
        for request in 1...5 { bench.step(2, .readIndex(RaftRequestID(UInt64(request)))) }
        #expect(bench.mail.count == 1, "one question for the first; the others share the next")
        bench.settle()
        #expect(
            bench.reads(2) == (1...5).map { .readReady(RaftRequestID(UInt64($0)), LogIndex(2)) }
        )
    }

    @Test func aForwardedReadFailsWhenTheLeaderIsSilent() {
        var bench = Bench(3)
        bench.elect(1)
        bench.step(2, .readIndex(RaftRequestID(1)))
        bench.mail.removeAll()
        bench.advance(2, by: 499)
        #expect(bench.reads(2).isEmpty)
        bench.advance(2, by: 600)
        #expect(bench.reads(2).count == 1)
        bench.step(2, .readIndex(RaftRequestID(2)))
        #expect(bench.reads(2).last == .readFailed(RaftRequestID(2), .notLeader(hint: nil)))
    }

    /// Lets time pass at node 2 in steps of 10 ms, which loses what it sends; the tokens it asks with.
    private func questions(_ bench: inout Bench, forMS: UInt64) -> [UInt64] {
        var nonces: [UInt64] = []
        for _ in 0..<forMS / 10 {
            bench.advance(2, by: 10)
            for letter in bench.take({ _ in true }) {
                if case .readRequest(let request) = letter.message.body {
                    nonces.append(request.nonce)
                }
            }
        }
        return nonces
    }

    /// Goal: a question that is lost on a WAN costs a round trip or two, not an election timeout.
    @Test func aLostQuestionIsAskedAgain() throws {
        var bench = Bench(3, settings: RaftSettings(heartbeatMS: 250, electionMS: 3_000))
        bench.elect(1)
        bench.step(2, .readIndex(RaftRequestID(1)))
        let lost = try #require(bench.take { _ in true }.first)
        guard case .readRequest(let first) = lost.message.body else { throw NoQuestion() }
        #expect(questions(&bench, forMS: 740).isEmpty, "nothing was measured yet")
        bench.advance(2, by: 20)
        guard case .readRequest(let again)? = bench.mail.first?.message.body else {
            throw NoQuestion()
        }
        #expect(again == first, "the same question: the answer to either will do")
        bench.settle()
        #expect(bench.reads(2) == [.readReady(RaftRequestID(1), LogIndex(2))])
    }

    /// Goal: the next is asked again after twice what the last ones took, thrice at most.
    @Test func aLostQuestionFollowsTheRoundTrip() {
        var bench = Bench(3, settings: RaftSettings(heartbeatMS: 250, electionMS: 3_000))
        bench.elect(1)
        for request in 1...20 {
            bench.step(2, .readIndex(RaftRequestID(UInt64(request))))
            let question = bench.mail
            bench.mail.removeAll()
            bench.advance(2, by: 200)
            bench.mail = question
            bench.advance(1, by: 200)  // Which is heard, too.
            bench.settle()
        }
        #expect(bench.reads(2).count == 20)
        bench.step(2, .readIndex(RaftRequestID(50)))
        bench.mail.removeAll()
        #expect(questions(&bench, forMS: 390).isEmpty)
        let soon = questions(&bench, forMS: 30)
        #expect(soon.count == 1)
        bench.step(2, .readIndex(RaftRequestID(51)))
        let later = questions(&bench, forMS: 2_500)
        #expect(later.count == 2 && Set(soon + later).count == 1, "\(later.count) more")
        #expect(bench.reads(2).count == 20, "its time is not over")
    }

    struct NoQuestion: Error {}

    /// An answer to an earlier question, or to an earlier life, finds nobody.
    @Test func anAnswerToAnotherQuestionIsIgnored() {
        var bench = Bench(3)
        bench.elect(1)
        bench.step(2, .readIndex(RaftRequestID(1)))
        let reply = ReadReply(nonce: 12_345, outcome: .ready(LogIndex(1)))
        bench.step(
            2,
            .received(
                RaftMessage(term: bench[2].term, body: .readReply(reply)),
                from: Bench.voter(1)
            )
        )
        #expect(bench.reads(2).isEmpty)
    }

    @Test func pendingReadsAreBounded() {
        var settings = RaftSettings.lan
        settings.pendingReadCount = 10
        var bench = Bench(3, settings: settings)
        bench.elect(1)
        for node in 1...2 {
            for request in 1...12 { bench.step(node, .readIndex(RaftRequestID(UInt64(request)))) }
            #expect(
                bench.reads(node) == [
                    .readFailed(RaftRequestID(11), .overloaded),
                    .readFailed(RaftRequestID(12), .overloaded),
                ]
            )
        }
    }

    @Test func readsFailWhenLeadershipIsLost() {
        var bench = Bench(3)
        bench.elect(1)
        bench.step(1, .readIndex(RaftRequestID(1)))
        let higher = RaftMessage(
            term: Term(50),
            body: .heartbeatReply(HeartbeatReply(round: 0, stamp: 0))
        )
        bench.step(1, .received(higher, from: Bench.voter(2)))
        #expect(bench.reads(1) == [.readFailed(RaftRequestID(1), .leadershipLost)])
    }

    /// Ages count from the leader's last confirmed round, on the follower's own clock.
    @Test func aFollowerKnowsHowOldItsStateIs() throws {
        var bench = Bench(3)
        bench.elect(1)
        for _ in 0..<4 {
            bench.advanceAll(by: 50)
            bench.settle()
        }
        let confirmed = try #require(bench[2].status.confirmedAtMS)
        #expect(bench[2].clockMS - confirmed <= 150)
        bench.advance(2, by: 400)
        #expect(bench[2].status.confirmedAtMS == confirmed, "no news, no youth")
        #expect(try #require(bench[1].status.confirmedAtMS) <= bench[1].clockMS)
    }
}
