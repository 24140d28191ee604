// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore
import Testing

@Suite struct RaftTransferTests {
    @Test func leadershipMovesWithoutWaitingForATimeout() {
        var bench = Bench(3)
        bench.elect(1)
        bench.propose(1, 1)
        bench.settle()
        bench.step(1, .transferLeadership(to: NodeID(3)))
        bench.settle()
        #expect(bench[3].role == .leader)
        #expect(bench[1].role == .follower)
        #expect(bench[1].leader == NodeID(3))
    }

    @Test func theBestFollowerIsChosen() {
        var bench = Bench(3)
        bench.elect(1)
        bench.propose(1, 1)
        bench.settle([1, 3])
        bench.step(1, .transferLeadership(to: nil))
        bench.settle()
        #expect(bench[3].role == .leader)
    }

    @Test func theTargetGetsTheWholeLogFirst() {
        var bench = Bench(3)
        bench.elect(1)
        for request in 1...5 { bench.propose(1, UInt64(request)) }
        bench.mail.removeAll()
        bench.step(1, .transferLeadership(to: NodeID(2)))
        let isOrdered = bench.mail.contains { letter in
            if case .timeoutNow = letter.message.body { true } else { false }
        }
        #expect(!isOrdered)
        bench.propose(1, 6)
        #expect(bench.drops(1) == [.transferring])
        for _ in 0..<3 {
            bench.advanceAll(by: 50)
            bench.settle()
        }
        #expect(bench[2].role == .leader)
        #expect(bench[2].commit == LogIndex(8))
    }

    /// A hand-over that fails must not leave the cluster without a leader (openraft#2088).
    @Test func aFailedTransferEndsAfterOneElectionTimeout() {
        var bench = Bench(3)
        bench.elect(1)
        bench.step(1, .transferLeadership(to: NodeID(2)))
        bench.mail.removeAll()
        for _ in 0..<10 {
            bench.advance(1, by: 50)
            bench.settle([1, 3])
        }
        bench.propose(1, 1)
        bench.settle([1, 3])
        #expect(bench[1].role == .leader)
        #expect(bench.drops(1).isEmpty)
        #expect(bench[1].commit == LogIndex(3))
    }

    @Test(arguments: [(UInt64(1), UInt64(0)), (0, 1), (1, 1)])
    func aLateOrderIsVoid(termsBack: UInt64, entriesBack: UInt64) {
        var bench = Bench(3)
        bench.elect(1)
        let order = RaftMessage(
            term: Term(bench[2].term.rawValue - termsBack),
            body: .timeoutNow(
                TimeoutNow(lastIndex: LogIndex(bench[2].log.last.index.rawValue - entriesBack))
            )
        )
        bench.step(2, .received(order, from: Bench.voter(1)))
        #expect(bench[2].role == .follower)
    }

    @Test func onlyTheLeaderMayOrderATakeover() {
        var bench = Bench(3)
        bench.elect(1)
        let order = RaftMessage(
            term: bench[2].term,
            body: .timeoutNow(TimeoutNow(lastIndex: bench[2].log.last.index))
        )
        bench.step(2, .received(order, from: Bench.voter(3)))
        #expect(bench[2].role == .follower)
    }
}
