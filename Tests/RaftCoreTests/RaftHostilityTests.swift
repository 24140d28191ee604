// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore
import Testing

/// A peer may be buggy or hostile: whatever it sends, nothing traps, and what is committed stays.
@Suite struct RaftHostilityTests {
    @Test func anAppendAgainstTheCommittedLogIsNotTaken() {
        var bench = Bench(3)
        bench.elect(1)
        bench.propose(1, 1)
        bench.settle()
        let before = bench[2].log.last
        let forged = LogEntry(
            position: LogPosition(term: Term(2), index: LogIndex(3)),
            kind: .command,
            payload: [66]
        )
        for previous in [LogIndex(1), LogIndex(2)] {
            let position = LogPosition(
                term: bench[2].log.term(at: previous) ?? .zero,
                index: previous
            )
            let entries = previous == LogIndex(2) ? [forged] : []
            let request = AppendRequest(previous: position, entries: entries, commit: LogIndex(3))
            let message = RaftMessage(term: Term(70), body: .append(request))
            bench.step(2, .received(message, from: Bench.voter(3)))
        }
        #expect(bench[2].log.last == before)
        #expect(bench[2].commit == LogIndex(3))
    }

    @Test func aSecondLeaderOfTheTermIsIgnoredAndCounted() {
        var bench = Bench(3)
        bench.elect(1)
        let heartbeat = Heartbeat(
            round: 1,
            commit: .zero,
            leaderCommit: .zero,
            quorumAge: 0,
            echo: 0
        )
        let message = RaftMessage(term: bench[1].term, body: .heartbeat(heartbeat))
        for node in 1...2 {
            bench.step(node, .received(message, from: Bench.voter(3)))
            #expect(bench[node].leader == NodeID(1))
            #expect(bench[node].ignoredMessageCount == 1)
        }
    }

    /// Goal: no message traps, however absurd; own promises hold (the core checks them itself).
    ///
    /// Method: random messages with small and with huge numbers, from members and strangers, into a
    /// node that also works normally.
    @Test(arguments: UInt64(1)...60)
    func noMessageTraps(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var bench = Bench(3)
        bench.elect(Int.random(in: 1...3, using: &random))
        var commit = bench[1].commit
        for round in 0..<400 {
            let sender = Bench.voter(
                .random(in: 1...4, using: &random),
                store: random.chance(percent: 90) ? 7 : 8
            )
            var forger = Forger(random: random, term: bench[1].term.rawValue)
            let message = forger.message()
            random = forger.random
            bench.step(1, .received(message, from: sender))
            if round % 7 == 0 { bench.advance(1, by: .random(in: 0...900, using: &random)) }
            if round % 5 == 0 { bench.propose(1, UInt64(round)) }
            if round % 11 == 0 { bench.step(1, .readIndex(RaftRequestID(UInt64(round)))) }
            bench.mail.removeAll()
            #expect(bench[1].commit >= commit)
            commit = bench[1].commit
        }
    }
}

/// Makes up messages that no core would send.
private struct Forger {
    var random: SplitMix64
    let term: UInt64

    mutating func number() -> UInt64 {
        switch Int.random(in: 0..<10, using: &random) {
        case 0: .max - .random(in: 0...2, using: &random)
        case 1: (1 << 62) - .random(in: 0...2, using: &random)
        default: .random(in: 0...8, using: &random)
        }
    }

    mutating func nearTerm() -> Term {
        random.chance(percent: 95)
            ? Term(term + .random(in: 0...2, using: &random)) : Term(number())
    }

    mutating func position() -> LogPosition {
        LogPosition(term: Term(.random(in: 0...term, using: &random)), index: LogIndex(number()))
    }

    mutating func entries(after previous: LogPosition) -> [LogEntry] {
        var index = previous.index.rawValue
        return (0..<Int.random(in: 0...4, using: &random)).map { _ in
            index = random.chance(percent: 95) ? index &+ 1 : number()
            let kind: LogEntry.Kind = random.chance(percent: 20) ? .configuration : .command
            return LogEntry(
                position: LogPosition(term: Term(term), index: LogIndex(index)),
                kind: kind,
                payload: [UInt8](repeating: 1, count: .random(in: 0...9, using: &random))
            )
        }
    }

    mutating func metadata() -> SnapshotMetadata {
        SnapshotMetadata(
            position: position(),
            voters: VoterSet(incoming: [Bench.voter(1)]),
            byteCount: random.chance(percent: 80) ? 2 : number(),
            checksum: CRC32C.checksum([1, 2])
        )
    }

    mutating func message() -> RaftMessage { RaftMessage(term: nearTerm(), body: body()) }

    mutating func body() -> RaftMessage.Body {
        switch Int.random(in: 0..<11, using: &random) {
        case 0:
            let kind = VoteRequest.Kind.allCases.randomElement(using: &random) ?? .vote
            return .voteRequest(
                VoteRequest(kind: kind, campaign: nearTerm(), lastLog: position())
            )
        case 1:
            let kind = VoteRequest.Kind.allCases.randomElement(using: &random) ?? .vote
            return .voteReply(VoteReply(kind: kind, campaign: nearTerm(), granted: true))
        case 2, 3:
            let previous = position()
            let entries = entries(after: previous)
            return .append(
                AppendRequest(previous: previous, entries: entries, commit: LogIndex(number()))
            )
        case 4: return .appendReply(.accepted(LogIndex(number())))
        case 5: return .appendReply(.rejected(previous: LogIndex(number()), hint: position()))
        case 6:
            return .heartbeat(
                Heartbeat(
                    round: number(),
                    commit: LogIndex(number()),
                    leaderCommit: LogIndex(number()),
                    quorumAge: UInt32(truncatingIfNeeded: number()),
                    echo: number()
                )
            )
        case 7: return .heartbeatReply(HeartbeatReply(round: number(), stamp: number()))
        case 8: return .readReply(ReadReply(nonce: number(), outcome: .ready(LogIndex(number()))))
        case 9:
            let offset =
                random.chance(percent: 80) ? UInt64.random(in: 0...2, using: &random) : number()
            return .snapshotChunk(
                SnapshotChunk(metadata: metadata(), offset: offset, bytes: [1, 2])
            )
        default:
            return random.chance(percent: 50)
                ? .snapshotReply(.next(position: position(), offset: number()))
                : .timeoutNow(TimeoutNow(lastIndex: LogIndex(number())))
        }
    }
}
