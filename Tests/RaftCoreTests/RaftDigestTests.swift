// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore
import Testing

/// Goal: who holds another state than the majority finds out, and nobody sound ever rebuilds.
struct RaftDigestTests {
    private static var settings: RaftSettings {
        var settings = RaftSettings.lan
        settings.digestEntryCount = 4
        return settings
    }

    /// Three voters that have all applied the entries up to 8; node 1 leads.
    private func cluster(_ count: Int = 3) -> Bench {
        var bench = Bench(count, settings: Self.settings)
        bench.elect(1)
        write(&bench, through: 1, upTo: 8)
        return bench
    }

    private func write(_ bench: inout Bench, through leader: Int, upTo last: UInt64) {
        while bench[leader].log.last.index.rawValue < last {
            bench.propose(leader, 100 + bench[leader].log.last.index.rawValue)
        }
        bench.settle()
        #expect(bench[leader].applied.rawValue == last)
    }

    private func digest(_ index: UInt64, _ value: UInt64) -> RaftInput {
        .digested(StateDigest(index: LogIndex(index), value: value))
    }

    private func quarantines(_ bench: Bench, _ node: Int) -> [(own: StateDigest, SnapshotMetadata?)]
    {
        bench.effects(node).compactMap { effect in
            guard case .quarantine(let own, agreed: _, let restart) = effect else { return nil }
            return (own, restart)
        }
    }

    private func alarms(_ bench: Bench, _ node: Int) -> [RaftAlarm] {
        bench.effects(node).compactMap { effect in
            if case .alarm(let alarm) = effect { alarm } else { nil }
        }
    }

    private func isRebuilt(_ bench: Bench, _ node: Int) -> Bool {
        bench.effects(node).contains { $0 == .rebuilt }
    }

    // MARK: - What the comparison comes to

    @Test func equalStatesAreProvenEverywhere() {
        var bench = cluster()
        for node in 1...3 {
            bench.step(node, digest(4, 40))
            bench.settle()
        }
        for node in 1...3 {
            #expect(bench[node].provenIndex == LogIndex(4), "node \(node)")
            #expect(bench[node].status.alarms.isEmpty && !bench[node].isQuarantined)
        }
    }

    @Test func aLoneVoterIsItsOwnMajority() {
        var bench = cluster(1)
        bench.step(1, digest(4, 40))
        #expect(bench[1].provenIndex == LogIndex(4))
    }

    @Test func aFollowerInTheMinorityRebuildsItself() {
        var bench = cluster()
        bench.step(1, digest(8, 80))
        bench.step(2, digest(8, 80))
        bench.step(3, digest(8, 666))
        let before = bench.effects(3).count
        bench.settle()

        #expect(quarantines(bench, 3).map(\.own.value) == [666])
        #expect(quarantines(bench, 1).isEmpty && quarantines(bench, 2).isEmpty)
        #expect(bench[3].isQuarantined && bench[1].role == .leader)
        let again = bench.effects(3).dropFirst(before).flatMap { effect -> [UInt64] in
            if case .apply(let entries) = effect { entries.map(\.index.rawValue) } else { [] }
        }
        #expect(again == Array(1...8), "every entry comes again")

        bench.step(3, .readIndex(RaftRequestID(1)))
        #expect(bench.reads(3) == [.readFailed(RaftRequestID(1), .quarantined)])
        bench.advance(3, by: 10_000)
        #expect(bench[3].role == .follower, "it does not campaign")
        bench.mail.removeAll()

        bench.step(3, digest(4, 40))
        #expect(bench[3].isQuarantined, "older than what differed")
        bench.step(3, digest(8, 80))
        #expect(!bench[3].isQuarantined && isRebuilt(bench, 3))
        #expect(bench[3].provenIndex == LogIndex(8))
    }

    /// Its log is sound: without its vote and its disk the cluster would stand still for nothing.
    @Test func aQuarantinedVoterVotesAndAcknowledges() {
        var bench = cluster()
        for (node, value) in [(1, 80), (2, 80), (3, 666)] as [(Int, UInt64)] {
            bench.step(node, digest(8, value))
        }
        bench.settle()
        #expect(bench[3].isQuarantined)
        bench.propose(1, 1)
        bench.settle([1, 3])
        #expect(bench[1].commit == LogIndex(9))
        bench.advanceAll(by: 5_000)
        bench.mail.removeAll()
        bench.elect(1, among: [1, 3])
        #expect(bench[1].role == .leader && bench[3].isQuarantined)
    }

    @Test func aLeaderInTheMinorityStepsDownAndHandsOver() {
        var bench = cluster()
        bench.step(2, digest(8, 80))
        bench.step(3, digest(8, 80))
        bench.step(1, digest(8, 666))
        bench.propose(1, 9)
        #expect(bench[1].role == .leader)
        bench.settle()

        #expect(quarantines(bench, 1).map(\.own.value) == [666])
        #expect(bench[1].role == .follower && bench[1].isQuarantined)
        #expect(quarantines(bench, 2).isEmpty && quarantines(bench, 3).isEmpty)
        #expect((2...3).contains { bench[$0].role == .leader }, "without an election timeout")
        #expect(alarms(bench, 1).isEmpty)

        bench.step(1, digest(8, 80))
        #expect(!bench[1].isQuarantined && isRebuilt(bench, 1))
    }

    @Test func withoutAMajorityNobodyRebuildsAndNothingIsWritten() {
        var bench = cluster()
        for node in 1...3 { bench.step(node, digest(8, 10 + UInt64(node))) }
        bench.settle()
        for node in 1...3 {
            #expect(alarms(bench, node) == [.noMajority(at: LogIndex(8))], "node \(node)")
            #expect(bench[node].status.alarms == [.noMajority(at: LogIndex(8))])
            #expect(quarantines(bench, node).isEmpty)
        }
        bench.propose(1, 50)
        #expect(bench.drops(1) == [.disputed])
        bench.step(1, .readIndex(RaftRequestID(51)))
        bench.settle()
        #expect(bench.reads(1) == [.readReady(RaftRequestID(51), LogIndex(8))])

        // A voter that was started anew from its disk says something else now.
        bench.deliver(
            .init(
                from: 2,
                to: 1,
                message: RaftMessage(
                    term: bench[1].term,
                    body: .stateReport(StateDigest(index: LogIndex(8), value: 13))
                )
            )
        )
        bench.settle()
        #expect(bench[1].isQuarantined, "the leader itself is the third")
        #expect((1...3).allSatisfy { bench[$0].status.alarms.isEmpty })
    }

    @Test func aNewLeaderKeepsRefusing() {
        var bench = cluster()
        for node in 1...3 { bench.step(node, digest(8, 10 + UInt64(node))) }
        bench.settle()
        bench.elect(2)
        bench.settle()
        bench.propose(2, 50)
        #expect(bench[2].role == .leader && bench.drops(2) == [.disputed])
    }

    @Test func aRebuildThatGivesTheSameWrongStateRaisesAnAlarm() {
        var bench = cluster()
        for (node, value) in [(1, 80), (2, 80), (3, 666)] as [(Int, UInt64)] {
            bench.step(node, digest(8, value))
        }
        bench.settle()
        bench.step(3, digest(8, 666))
        #expect(alarms(bench, 3) == [.rebuildFailed(at: LogIndex(8))])
        #expect(bench[3].isQuarantined && !isRebuilt(bench, 3))
        write(&bench, through: 1, upTo: 12)
        for node in 1...3 { bench.step(node, digest(12, 120)) }
        bench.settle()
        #expect(!bench[3].isQuarantined, "what was wrong has been overwritten since")
        #expect(bench[3].status.alarms.isEmpty)
    }

    // MARK: - Messages that get lost, and those that do not count

    @Test func reportsAndVerdictsAreRepeatedUntilTheyArrive() {
        var bench = cluster()
        for node in 1...3 { bench.step(node, digest(8, node == 3 ? 666 : 80)) }
        bench.mail.removeAll()
        bench.advanceAll(by: 50)
        bench.settle()
        #expect(bench[1].provenIndex == .zero, "too early to ask again")
        for _ in 0..<12 {
            bench.advanceAll(by: 50)
            bench.settle()
        }
        #expect(bench[1].provenIndex == LogIndex(8) && bench[3].isQuarantined)
    }

    @Test func reportsGoToANewLeaderToo() {
        var bench = cluster()
        for node in 1...2 { bench.step(node, digest(8, 80)) }
        bench.settle([1, 2])
        #expect(bench[2].provenIndex == LogIndex(8))
        bench.elect(2)
        bench.step(3, digest(8, 666))
        bench.settle()
        for _ in 0..<12 {
            bench.advanceAll(by: 50)
            bench.settle()
        }
        #expect(bench[2].role == .leader && bench[3].isQuarantined)
    }

    @Test func onlyMembersCount() {
        var bench = cluster()
        bench.step(1, digest(8, 80))
        let report = RaftMessage(
            term: bench[1].term,
            body: .stateReport(StateDigest(index: LogIndex(8), value: 80))
        )
        bench.step(1, .received(report, from: Bench.voter(2, store: 9)))
        bench.step(1, .received(report, from: Bench.voter(4)))
        #expect(bench[1].provenIndex == .zero)
        bench.step(1, .received(report, from: Bench.voter(2)))
        #expect(bench[1].provenIndex == LogIndex(8))

        let ignored = bench[1].ignoredMessageCount
        let future = RaftMessage(
            term: bench[1].term,
            body: .stateReport(StateDigest(index: LogIndex(800), value: 1))
        )
        bench.step(1, .received(future, from: Bench.voter(2)))
        #expect(bench[1].ignoredMessageCount == ignored + 1)
    }

    /// Only the leader of the term may judge.
    @Test func aVerdictOfAnybodyElseIsVoid() {
        var bench = cluster()
        bench.step(3, digest(8, 80))
        bench.mail.removeAll()
        let verdict = RaftMessage(
            term: bench[3].term,
            body: .stateVerdict(StateVerdict(index: LogIndex(8), agreed: 1))
        )
        bench.step(3, .received(verdict, from: Bench.voter(2)))
        #expect(!bench[3].isQuarantined)
        bench.step(3, .received(verdict, from: Bench.voter(1)))
        #expect(bench[3].isQuarantined)
    }

    // MARK: - Snapshots

    /// The rebuilding starts from the snapshot, and one that was being saved meanwhile counts later.
    @Test func theSnapshotIsWhereTheRebuildingStarts() throws {
        var bench = cluster()
        func metadata(_ index: UInt64) throws -> SnapshotMetadata {
            SnapshotMetadata(
                position: try #require(bench[3].position(at: LogIndex(index))),
                voters: bench[3].voters,
                byteCount: 1,
                checksum: 1
            )
        }
        let first = try metadata(4)
        let second = try metadata(6)
        bench.step(3, .snapshotTaken(first))
        for (node, value) in [(1, 80), (2, 80), (3, 666)] as [(Int, UInt64)] {
            bench.step(node, digest(8, value))
        }
        bench.mail = bench.mail.filter { $0.to != 3 || $0.from == 3 }
        bench.settle()
        for _ in 0..<12 where !bench[3].isQuarantined {
            bench.advanceAll(by: 50)
            bench.settle()
        }
        #expect(quarantines(bench, 3).first?.1 == first)
        bench.step(3, .snapshotTaken(second))
        #expect(bench[3].snapshot == second, "applied again already")
        bench.step(3, digest(8, 80))
        #expect(!bench[3].isQuarantined)
    }

    /// Without an agreement no snapshot shortens the log, so it must not grow for ever.
    @Test func aLogThatNobodyAgreesOnIsBounded() {
        var settings = Self.settings
        settings.unprovenEntryCount = 6
        var bench = Bench(3, settings: settings)
        bench.elect(1)
        write(&bench, through: 1, upTo: 7)
        bench.propose(1, 70)
        #expect(bench.drops(1) == [.disputed])
        for node in 1...2 { bench.step(node, digest(4, 40)) }
        bench.settle()
        bench.propose(1, 71)
        #expect(bench[1].log.last.index == LogIndex(8))
    }

    private func purposes(_ bench: inout Bench, _ first: UInt64) -> [RaftRefusal] {
        let before = bench.drops(1).count
        let members = Proposal(RaftRequestID(first + 1), payload: [1], purpose: .members)
        bench.step(1, .propose([Proposal(RaftRequestID(first), payload: [1]), members]))
        bench.settle()
        return Array(bench.drops(1).dropFirst(before))
    }

    /// Goal: what replaces a voter is written even while nothing else is; but not without end.
    @Test func aDisagreementLeavesRoomToReplaceVoters() {
        var settings = Self.settings
        settings.unprovenEntryCount = 10
        settings.unprovenMemberCount = 2
        var bench = Bench(3, settings: settings)
        bench.elect(1)
        write(&bench, through: 1, upTo: 8)
        for node in 1...3 { bench.step(node, digest(8, 10 + UInt64(node))) }
        bench.settle()
        for number: UInt64 in 0..<5 {
            #expect(purposes(&bench, 50 + 2 * number) == [.disputed], "entry \(9 + number)")
        }
        #expect(bench[1].commit == LogIndex(13))
        #expect(purposes(&bench, 90) == [.disputed, .disputed], "the room is used up")
    }

    /// Goal: a person hears of it long before nothing is written any more; once, and until it is over.
    @Test func tooMuchThatNobodyAgreesOnIsToldOnce() {
        var settings = Self.settings
        settings.unprovenAlarmCount = 6
        var bench = Bench(3, settings: settings)
        bench.elect(1)
        write(&bench, through: 1, upTo: 7)
        let alarm = RaftAlarm.unproven(since: .zero)
        bench.beat(80)  // 4 s of the 5 s that a start may take.
        #expect(alarms(bench, 1).isEmpty && bench[1].status.alarms.isEmpty)
        bench.beat(80)
        for node in 1...3 {
            #expect(alarms(bench, node) == [alarm], "node \(node)")
            #expect(bench[node].status.alarms == [alarm])
        }
        for node in 1...2 { bench.step(node, digest(4, 40)) }
        bench.beat(20)
        #expect(bench[1].status.alarms.isEmpty && bench[2].status.alarms.isEmpty)
        #expect(bench[3].status.alarms == [alarm], "it has said nothing")
    }

    // MARK: - Majorities

    struct Row: Sendable {
        let what: String
        let incoming: [UInt64?]
        var outgoing: [UInt64?] = []
        /// `.some(nil)`: disputed; `nil`: open.
        let verdict: UInt64??
    }

    static let rows = [
        Row(what: "nobody said anything", incoming: [nil, nil, nil], verdict: nil),
        Row(what: "one of three", incoming: [1, nil, nil], verdict: nil),
        Row(what: "two of three", incoming: [1, 1, nil], verdict: .some(1)),
        Row(what: "the third differs", incoming: [1, 2, 1], verdict: .some(1)),
        Row(what: "one open, two differ", incoming: [1, 2, nil], verdict: nil),
        Row(what: "all differ", incoming: [1, 2, 3], verdict: .some(nil)),
        Row(what: "two voters differ", incoming: [1, 2], verdict: .some(nil)),
        Row(what: "two and two of five", incoming: [1, 1, 2, 2, nil], verdict: nil),
        Row(what: "two, two and one", incoming: [1, 1, 2, 2, 3], verdict: .some(nil)),
        Row(what: "three of five split", incoming: [1, 2, 3, nil, nil], verdict: nil),
        Row(what: "four of five split", incoming: [1, 2, 3, 4, nil], verdict: .some(nil)),
        Row(what: "half of joint", incoming: [1, 1, nil], outgoing: [1, nil, nil], verdict: nil),
        Row(what: "both", incoming: [1, 1, nil], outgoing: [1, nil, 1], verdict: .some(1)),
        Row(
            what: "halves differ",
            incoming: [1, 1, 1],
            outgoing: [2, 2, 2],
            verdict: .some(nil)
        ),
    ]

    @Test(arguments: rows)
    func majorities(_ row: Row) {
        let incoming = (0..<row.incoming.count).map { Bench.voter(1 + $0) }
        let outgoing = (0..<row.outgoing.count).map { Bench.voter(11 + $0) }
        let learner = Bench.voter(30)
        let voters = VoterSet(incoming: incoming, outgoing: outgoing, learners: [learner])
        let verdict = voters.verdict(at: LogIndex(4)) { voter in
            if voter == learner { return 1 }  // Never counts.
            let number = Int(voter.node.rawValue)
            return number > 10 ? row.outgoing[number - 11] : row.incoming[number - 1]
        }
        #expect(
            verdict == row.verdict.map { StateVerdict(index: LogIndex(4), agreed: $0) },
            "\(row.what)"
        )
    }

    /// What a leader remembers is bounded, and the oldest goes first.
    @Test func oldIndexesAreForgotten() {
        var bench = cluster()
        write(&bench, through: 1, upTo: 200)
        for index in stride(from: UInt64(4), through: 200, by: 4) {
            bench.step(1, digest(index, index))
        }
        bench.step(2, digest(4, 4))
        bench.settle()
        #expect(bench[2].provenIndex == .zero, "index 4 is beyond memory")
        bench.step(2, digest(200, 200))
        bench.settle()
        #expect(bench[1].provenIndex == LogIndex(200) && bench[2].provenIndex == LogIndex(200))
    }
}
