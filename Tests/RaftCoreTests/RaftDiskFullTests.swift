// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore
import Testing

/// A voter whose log has no room left: silent about entries, never a candidate, still a follower.
@Suite struct RaftDiskFullTests {
    @Test func aFollowerIsSilentAboutEntriesUntilThereIsRoom() {
        var bench = Bench(3)
        bench.elect(1)
        bench.step(3, .diskSpace(isFull: true))
        let last = bench[3].log.last
        bench.propose(1, 1)
        bench.settle()
        #expect(bench[1].commit == LogIndex(last.index.rawValue + 1), "two of three have it")
        #expect(bench[3].log.last == last)
        #expect(bench[3].leader == NodeID(1))

        // It goes on hearing its leader, and does not ask to lead.
        for _ in 0..<100 {
            bench.advance(1, by: 50)
            bench.advance(3, by: 50)
            bench.settle()
        }
        #expect(bench[3].role == .follower)
        #expect(bench[1].role == .leader)

        bench.step(3, .diskSpace(isFull: false))
        for _ in 0..<100 where bench[3].log.last != bench[1].log.last {
            bench.advance(1, by: 50)
            bench.settle()
        }
        #expect(bench[3].log.last == bench[1].log.last)
        #expect(bench[3].commit == bench[1].commit)
    }

    /// Two of three cannot take an entry: it is never committed, however long it waits.
    @Test func whatOnlyOneTakesIsNotCommitted() {
        var bench = Bench(3)
        bench.elect(1)
        let commit = bench[1].commit
        bench.step(2, .diskSpace(isFull: true))
        bench.step(3, .diskSpace(isFull: true))
        bench.propose(1, 1)
        for _ in 0..<40 {
            bench.advance(1, by: 50)
            bench.settle()
        }
        #expect(bench[1].commit == commit)
        #expect(bench[1].role == .leader, "heartbeats are answered")
        bench.step(2, .diskSpace(isFull: false))
        for _ in 0..<40 where bench[1].commit == commit {
            bench.advance(1, by: 50)
            bench.settle()
        }
        #expect(bench[1].commit == commit.next)
    }

    @Test func itDoesNotAskToLead() {
        var bench = Bench(3)
        bench.step(1, .diskSpace(isFull: true))
        for _ in 0..<20 { bench.advance(1, by: 1_000) }
        #expect(bench[1].role == .follower)
        #expect(bench.mail.isEmpty)

        // Nor on order: a leader that does not know hands over to it in vain, and goes on.
        bench.elect(2)
        bench.step(2, .transferLeadership(to: NodeID(1)))
        bench.settle()
        #expect(bench[2].role == .leader)
        bench.advance(2, by: 600)
        bench.propose(2, 1)
        #expect(bench.drops(2).isEmpty)
    }

    @Test func aLeaderTakesNoProposalsAndHandsOver() {
        var bench = Bench(3)
        bench.elect(1)
        bench.step(1, .diskSpace(isFull: true))
        bench.propose(1, 1)
        #expect(bench.drops(1) == [.transferring])
        bench.step(1, .transferLeadership(to: nil))
        bench.settle()
        #expect(bench[2].role == .leader)
        #expect(bench[1].leader == NodeID(2))
        bench.propose(2, 2)
        bench.settle()
        #expect(bench[2].commit == bench[2].log.last.index)
    }

    @Test func itStillVotes() {
        var bench = Bench(3)
        bench.step(1, .diskSpace(isFull: true))
        bench.elect(2, among: [1, 2])
        #expect(bench[2].role == .leader)
    }

    @Test func aLoneVoterLeadsAndRefusesProposals() {
        var bench = Bench(1)
        bench.step(1, .diskSpace(isFull: true))
        bench.advance(1, by: 1_000)
        #expect(bench[1].role == .leader)
        bench.propose(1, 1)
        #expect(bench.drops(1) == [.overloaded])
        bench.step(1, .readIndex(RaftRequestID(2)))
        #expect(bench.reads(1).count == 1)
    }
}
