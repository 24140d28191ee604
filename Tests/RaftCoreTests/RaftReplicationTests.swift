// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore
import Testing

@Suite struct RaftReplicationTests {
    @Test func whatIsProposedTogetherIsOneWriteAndOneMessageToEach() {
        var bench = Bench(3)
        bench.elect(1)
        let before = bench.effects(1).count
        let proposals = (1...9).map { Proposal(RaftRequestID($0), payload: [UInt8($0)]) }
        bench.step(1, .propose(proposals))
        let effects = bench.effects(1).dropFirst(before)
        let writes = effects.filter { if case .persist = $0 { true } else { false } }
        #expect(writes.count == 1)
        let appends = bench.take { message in
            if case .append(let request) = message.body {
                request.entries.count == 9
            } else {
                false
            }
        }
        #expect(appends.map(\.to) == [2, 3])
        for append in appends { bench.deliver(append) }
        bench.settle()
        #expect(bench[1].commit == bench[1].log.last.index)
        #expect(bench[1].applied == bench[1].log.last.index)
    }

    @Test func aProposalIsCommittedAndAppliedEverywhere() {
        var bench = Bench(3)
        bench.elect(1)
        bench.propose(1, 1)
        bench.settle()
        for node in 1...3 {
            #expect(bench[node].commit == LogIndex(3))
            #expect(bench[node].applied == LogIndex(3))
        }
        let position = LogPosition(term: bench[1].term, index: LogIndex(3))
        #expect(bench.effects(1).contains(.proposed(RaftRequestID(1), position)))
    }

    @Test func aFollowerDropsProposalsWithAHint() {
        var bench = Bench(3)
        bench.elect(1)
        bench.propose(2, 1)
        #expect(bench.drops(2) == [.notLeader(hint: NodeID(1))])
    }

    /// A leader's own log counts only as far as it is durable (etcd#14370).
    @Test func commitNeedsTheLeadersOwnFsync() {
        var bench = Bench(3)
        bench.elect(1)
        bench.slowDisks = [1]
        bench.propose(1, 1)
        bench.settle([1, 2])
        #expect(bench[2].log.last.index == LogIndex(3), "sent before the leader's own fsync")
        #expect(bench[1].commit == LogIndex(2), "one durable copy of three")
        bench.flush(1)
        #expect(bench[1].commit == LogIndex(3))
    }

    @Test func twoFollowersCommitWithoutTheLeadersDisk() {
        var bench = Bench(3)
        bench.elect(1)
        bench.slowDisks = [1]
        bench.propose(1, 1)
        bench.settle()
        #expect(bench[1].commit == LogIndex(3))
    }

    /// Figure 8 of the paper: an entry of an earlier term on a majority is not committed by that.
    @Test func onlyEntriesOfTheOwnTermAreCountedForCommit() {
        var bench = Bench(3)
        let first = Raft.bootstrap(VoterSet(incoming: bench.voters)).entry
        let old = LogEntry(
            position: LogPosition(term: Term(2), index: LogIndex(2)),
            kind: .command,
            payload: [1]
        )
        bench = leaderOfTerm4(entries: [first, old])
        #expect(bench[1].role == .leader)
        #expect(bench[1].log.last == LogPosition(term: Term(4), index: LogIndex(3)))
        let accepted = RaftMessage(term: Term(4), body: .appendReply(.accepted(LogIndex(2))))
        bench.step(1, .received(accepted, from: Bench.voter(2)))
        bench.step(1, .received(accepted, from: Bench.voter(3)))
        #expect(bench[1].commit == .zero, "i2@t2 on all three may still be overwritten")

        let own = RaftMessage(term: Term(4), body: .appendReply(.accepted(LogIndex(3))))
        bench.step(1, .received(own, from: Bench.voter(2)))
        #expect(bench[1].commit == LogIndex(3))
    }

    /// Node 1 leads term 4 with the given entries and its no-op; its appends are lost.
    private func leaderOfTerm4(entries: [LogEntry]) -> Bench {
        var bench = Bench(3)
        bench.replace(
            1,
            with: Raft(
                settings: .lan,
                me: Bench.voter(1),
                restored: HardState(term: Term(3), vote: nil),
                snapshot: nil,
                entries: entries,
                seed: 1
            )
        )
        bench.step(1, .tick(now: 1_000))
        bench.advance(1, by: 1_000)
        bench.mail.removeAll()
        for kind in [VoteRequest.Kind.preVote, .vote] {
            let reply = VoteReply(kind: kind, campaign: Term(4), granted: true)
            let message = RaftMessage(term: Term(kind == .vote ? 4 : 3), body: .voteReply(reply))
            bench.step(1, .received(message, from: Bench.voter(2)))
        }
        bench.mail.removeAll()
        return bench
    }

    /// An acknowledgement waits for the write that holds what it promises, not for an earlier one
    /// whose entries were replaced meanwhile (etcd's `append_aba_race`).
    @Test func anAcknowledgementWaitsForTheWriteThatReplacedTheEntries() {
        var bench = Bench(3)
        bench.elect(1, among: [1, 2])
        bench.slowDisks = [3]
        let base = LogPosition(term: Term(1), index: LogIndex(1))
        func append(_ term: UInt64, indexes: ClosedRange<UInt64>) -> RaftMessage {
            let entries = indexes.map { index in
                LogEntry(
                    position: LogPosition(term: Term(term), index: LogIndex(index)),
                    kind: .command,
                    payload: [UInt8(term)]
                )
            }
            let request = AppendRequest(previous: base, entries: entries, commit: .zero)
            return RaftMessage(term: Term(term), body: .append(request))
        }
        bench.step(3, .received(append(8, indexes: 2...5), from: Bench.voter(2)))
        bench.step(3, .received(append(9, indexes: 2...3), from: Bench.voter(1)))

        let sequences = bench.effects(3).compactMap { effect -> LogWrite? in
            if case .persist(let write) = effect { write } else { nil }
        }.suffix(2)
        #expect(sequences.last?.truncateFrom == LogIndex(2))
        let replies = bench.effects(3).compactMap { effect -> WriteSequence? in
            if case .send(let message, _, let after) = effect,
                case .appendReply(.accepted) = message.body
            {
                after
            } else {
                nil
            }
        }.suffix(2)
        #expect(Array(replies) == sequences.map(\.sequence))
        // The first write is done: only the promise of term 8 is free, and it is of the past.
        #expect(bench.mail.isEmpty)
        if let firstWrite = sequences.first { bench.step(3, .persisted(firstWrite.sequence)) }
        #expect(!bench.mail.contains { $0.message.term == Term(9) })
    }

    @Test func anAppendBehindAnotherTermsEntryIsRefusedWithAHint() {
        var bench = Bench(3)
        bench.elect(1)
        let previous = LogPosition(term: Term(6), index: LogIndex(2))
        let request = AppendRequest(previous: previous, entries: [], commit: LogIndex(2))
        let before = bench[2].log.last
        bench.mail.removeAll()
        bench.step(
            2,
            .received(RaftMessage(term: Term(7), body: .append(request)), from: Bench.voter(3))
        )
        let reply = AppendReply.rejected(previous: LogIndex(2), hint: before)
        #expect(bench.mail.map(\.message.body) == [.appendReply(reply)])
        #expect(bench[2].log.last == before)
    }

    @Test func whatOnlyTellsTheCommitIsNotAnswered() {
        var bench = Bench(3)
        bench.elect(1)
        bench.propose(1, 1)
        let isNotice: (RaftMessage) -> Bool = {
            if case .append(let request) = $0.body { request.entries.isEmpty } else { false }
        }
        // One after the other, until the leader has its quorum and says so.
        while !bench.mail.isEmpty, !bench.mail.contains(where: { isNotice($0.message) }) {
            bench.deliver(bench.mail.removeFirst())
        }
        let told = bench.take(isNotice)
        #expect(told.count == 2)
        bench.settle()
        bench.mail.removeAll()
        for letter in told { bench.deliver(letter) }
        #expect(bench.mail.isEmpty)
        #expect(bench[2].commit == bench[1].commit && bench[3].commit == bench[1].commit)
    }

    @Test func copiesAndLateMessagesChangeNothing() {
        var bench = Bench(3)
        bench.elect(1)
        bench.propose(1, 1)
        let early = bench.take { if case .append = $0.body { true } else { false } }
        bench.propose(1, 2)
        bench.propose(1, 3)
        bench.settle()  // The first append is late: the rest is refused and sent again.
        for _ in 0..<3 {
            bench.advanceAll(by: 50)
            bench.settle()
        }
        #expect(bench[2].commit == LogIndex(5))
        let before = (bench[2].log.last, bench[3].log.last, bench[1].commit)
        for letter in early + early { bench.deliver(letter) }
        bench.settle()
        #expect((bench[2].log.last, bench[3].log.last, bench[1].commit) == before)
    }

    @Test func aLostAppendIsSentAgainAfterAHeartbeat() {
        var bench = Bench(3)
        bench.elect(1)
        bench.propose(1, 1)
        bench.mail.removeAll()
        for _ in 0..<3 {
            bench.advance(1, by: 50)
            bench.settle()
        }
        #expect(bench[1].commit == LogIndex(3))
        #expect(bench[3].log.last == bench[1].log.last)
    }

    @Test func anAcknowledgementFromAnotherStoreDoesNotCount() {
        var bench = Bench(3)
        bench.elect(1)
        bench.propose(1, 1)
        bench.mail.removeAll()
        let reply = RaftMessage(term: bench[1].term, body: .appendReply(.accepted(LogIndex(3))))
        bench.step(1, .received(reply, from: Bench.voter(2, store: 666)))
        #expect(bench[1].commit == LogIndex(2))
        bench.step(1, .received(reply, from: Bench.voter(2)))
        #expect(bench[1].commit == LogIndex(3))
    }

    @Test func boundsAreSaidAndNotExceeded() {
        var settings = RaftSettings.lan
        settings.uncommittedBytes = 1_000
        settings.proposalBytes = 500
        var bench = Bench(3, settings: settings)
        bench.elect(1)
        bench.propose(1, 1, byteCount: 501)
        #expect(bench.drops(1) == [.overloaded])
        for request in 2...10 { bench.propose(1, UInt64(request), byteCount: 136) }
        #expect(bench.drops(1).count == 1 + 4, "200 bytes each with overhead: five fit")
        bench.settle()
        bench.propose(1, 11, byteCount: 136)
        #expect(bench.drops(1).count == 5)
    }

    /// Goal: a leader whose disk hangs takes no more in, although the others commit without it.
    @Test func aHungDiskOfTheLeaderGathersNoEntriesForEver() {
        var settings = RaftSettings.lan
        settings.undurableCount = 3
        var bench = Bench(3, settings: settings)
        bench.elect(1)
        bench.settle()
        bench.slowDisks = [1]
        for request in 1...10 {
            bench.propose(1, UInt64(request))
            bench.settle()
        }
        #expect(bench[1].commit == LogIndex(2 + 4), "committed by the other two")
        #expect(bench.drops(1) == Array(repeating: .overloaded, count: 6))
        bench.flush(1)
        bench.propose(1, 11)
        #expect(bench.drops(1).count == 6)
    }

    @Test func theWindowToOneFollowerIsBounded() {
        var settings = RaftSettings.lan
        settings.inflightMessageCount = 4
        var bench = Bench(3, settings: settings)
        bench.elect(1)
        for request in 1...20 { bench.propose(1, UInt64(request)) }
        let appends = bench.mail.filter { $0.to == 2 }
        #expect(appends.count == 4)
        bench.settle()
        #expect(bench[2].commit == LogIndex(22))
    }

    /// Uncommitted configurations count, and are forgotten with their entries.
    @Test func votersAreReadFromTheLogAndRolledBack() {
        var bench = Bench(3)
        let first = Raft.bootstrap(VoterSet(incoming: bench.voters)).entry
        let next = VoterSet(incoming: [Bench.voter(1)], outgoing: bench.voters)
        let change = LogEntry(
            position: LogPosition(term: Term(2), index: LogIndex(2)),
            kind: .configuration,
            payload: next.encode()
        )
        bench.replace(
            3,
            with: Raft(
                settings: .lan,
                me: Bench.voter(3),
                restored: HardState(term: Term(2), vote: nil),
                snapshot: nil,
                entries: [first, change],
                seed: 3
            )
        )
        #expect(bench[3].voters == next)
        let noop = LogEntry(
            position: LogPosition(term: Term(3), index: LogIndex(2)),
            kind: .noop,
            payload: []
        )
        let request = AppendRequest(previous: first.position, entries: [noop], commit: .zero)
        bench.step(
            3,
            .received(RaftMessage(term: Term(3), body: .append(request)), from: Bench.voter(1))
        )
        #expect(bench[3].voters == VoterSet(incoming: bench.voters))
    }

    /// In a joint configuration both majorities are needed, for office and for commit.
    @Test func aJointConfigurationNeedsBothMajorities() {
        var bench = Bench(5)
        let joint = VoterSet(
            incoming: [1, 2, 3].map { Bench.voter($0) },
            outgoing: [1, 4, 5].map { Bench.voter($0) }
        )
        let first = Raft.bootstrap(joint)
        for node in 1...5 {
            bench.replace(
                node,
                with: Raft(
                    settings: .lan,
                    me: Bench.voter(node),
                    restored: first.state,
                    snapshot: nil,
                    entries: [first.entry],
                    seed: UInt64(node)
                )
            )
        }
        bench.elect(1, among: [1, 2, 3])
        #expect(bench[1].role != .leader, "no majority of the outgoing half")
        bench.elect(1, among: [1, 2, 4])
        #expect(bench[1].role == .leader)
        let commit = bench[1].commit
        bench.propose(1, 1)
        bench.settle([1, 4, 5])
        #expect(bench[1].commit == commit)
        bench.advance(1, by: 50)
        bench.settle([1, 2])
        bench.advance(1, by: 50)
        bench.settle([1, 2])
        #expect(bench[1].commit == bench[1].log.last.index)
    }
}
