// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore
import Testing

@Suite struct RaftSnapshotTests {
    static let state = (0..<100).map { UInt8($0) }

    /// Three nodes; node 3 has missed everything, and the leader has dropped it from its log.
    private func bench(trailing: UInt64 = 0) -> (Bench, SnapshotMetadata) {
        var settings = RaftSettings.lan
        settings.trailingEntryCount = trailing
        settings.snapshotChunkBytes = 30
        var bench = Bench(3, settings: settings)
        bench.elect(1, among: [1, 2])
        for request in 1...10 {
            bench.propose(1, UInt64(request))
            bench.settle([1, 2])
        }
        let metadata = metadata(bench[1])
        bench.step(1, .snapshotTaken(metadata))
        return (bench, metadata)
    }

    private func metadata(_ raft: Raft, state: [UInt8] = state) -> SnapshotMetadata {
        SnapshotMetadata(
            position: raft.position(at: raft.applied) ?? .zero,
            voters: raft.voters(at: raft.applied),
            byteCount: UInt64(state.count),
            checksum: CRC32C.checksum(state)
        )
    }

    /// Answers the latest question for snapshot bytes, if there is one that was not answered.
    private func serve(_ bench: inout Bench, _ answered: inout Int) -> Bool {
        let questions = bench.effects(1).compactMap { effect -> RaftInput? in
            guard case .readSnapshot(let metadata, let node, let offset, let byteCount) = effect
            else { return nil }
            let range = Int(offset)..<Int(offset) + byteCount
            return .snapshotChunk(
                to: node,
                metadata,
                offset: offset,
                bytes: Array(Self.state[range])
            )
        }
        guard questions.count > answered, let question = questions.last else { return false }
        answered = questions.count
        bench.step(1, question)
        return true
    }

    private func installed(_ bench: Bench) -> [RaftEffect] {
        bench.effects(3).filter { if case .installSnapshot = $0 { true } else { false } }
    }

    @Test func compactionKeepsTrailingEntries() {
        let (bench, metadata) = bench(trailing: 4)
        #expect(bench[1].firstKeptIndex == LogIndex(metadata.position.index.rawValue - 3))
        #expect(bench[1].snapshot == metadata)
    }

    @Test func aFollowerThatIsTooFarBehindGetsTheSnapshotInPieces() {
        var (bench, metadata) = bench()
        var answered = 0
        for _ in 0..<20 {
            bench.advance(1, by: 50)
            bench.settle()
            while serve(&bench, &answered) { bench.settle() }
        }
        #expect(answered == 4, "100 bytes, 30 a piece")
        #expect(installed(bench) == [.installSnapshot(metadata, state: Self.state)])
        #expect(bench[3].commit < metadata.position.index, "not before it is durable")

        bench.step(3, .snapshotInstalled(metadata))
        bench.settle()
        bench.propose(1, 99)
        bench.settle()
        #expect(bench[3].commit == bench[1].commit)
        #expect(bench[3].applied == bench[1].applied)
        #expect(bench[3].voters == bench[1].voters)
    }

    @Test func aBrokenTransferGoesOnWhereItStood() {
        var (bench, _) = bench()
        var answered = 0
        bench.advance(1, by: 50)
        bench.settle()
        for _ in 0..<2 {
            _ = serve(&bench, &answered)
            bench.settle()
        }
        let before = bench.effects(1).count
        _ = serve(&bench, &answered)
        bench.mail.removeAll()  // The third piece is lost with the connection.
        bench.step(1, .disconnected(NodeID(3)))
        bench.advance(1, by: 50)
        bench.settle()
        let asked = bench.effects(1)[before...].compactMap { effect -> UInt64? in
            if case .readSnapshot(_, _, let offset, _) = effect { offset } else { nil }
        }
        #expect(asked == [60])
        while serve(&bench, &answered) { bench.settle() }
        #expect(installed(bench).count == 1)
    }

    /// Goal: a follower that restarts asks for the rest alone.
    @Test func aRestartGoesOnWithWhatHasArrived() {
        var (bench, metadata) = bench()
        var answered = 0
        bench.advance(1, by: 50)
        bench.settle()
        for _ in 0..<2 {
            _ = serve(&bench, &answered)
            bench.settle()
        }
        #expect(bench[3].arriving?.metadata == metadata && bench[3].arriving?.byteCount == 60)
        #expect(bench[3].arrived(from: 30) == Array(Self.state[30..<60]))
        bench.restart(3, arrived: (metadata, Array(Self.state[..<60])))
        bench.mail.removeAll()
        let before = bench.effects(1).count
        for _ in 0..<30 {
            bench.advanceAll(by: 50)
            bench.settle()
            while serve(&bench, &answered) { bench.settle() }
        }
        let asked = bench.effects(1)[before...].compactMap { effect -> UInt64? in
            if case .readSnapshot(_, _, let offset, _) = effect { offset } else { nil }
        }
        #expect(asked == [90], "60 was asked for before")
        #expect(installed(bench) == [.installSnapshot(metadata, state: Self.state)])
    }

    /// Goal: what a restart finds is trusted no further than its checksums.
    @Test func whatCannotHaveArrivedIsLeftOut() {
        let (bench, metadata) = bench()
        let old = SnapshotMetadata(
            position: bench[3].log.base,
            voters: metadata.voters,
            byteCount: 100,
            checksum: 0
        )
        for arrived in [(metadata, Self.state + [1]), (old, [1])] {
            var bench = bench
            bench.restart(3, arrived: arrived)
            #expect(bench[3].arriving == nil)
        }
    }

    /// A new leader with the same snapshot need not begin again: the follower says what it has.
    @Test func theFollowerSaysWhereToGoOn() {
        let (bench, metadata) = bench()
        var follower = bench[3]
        func take(_ offset: UInt64, _ count: Int) -> [RaftMessage.Body] {
            let range = Int(offset)..<Int(offset) + count
            let chunk = SnapshotChunk(
                metadata: metadata,
                offset: offset,
                bytes: Array(Self.state[range])
            )
            let message = RaftMessage(term: bench[1].term, body: .snapshotChunk(chunk))
            return follower.step(.received(message, from: Bench.voter(1))).compactMap { effect in
                if case .send(let message, _, _) = effect { message.body } else { nil }
            }
        }
        func next(_ offset: UInt64) -> [RaftMessage.Body] {
            [.snapshotReply(.next(position: metadata.position, offset: offset))]
        }
        #expect(take(30, 30) == next(0), "a transfer starts with its first byte")
        #expect(take(0, 30) == next(30))
        #expect(take(0, 30) == next(30), "a copy")
        #expect(take(60, 30) == next(30), "a gap")
        #expect(take(30, 30) == next(60))
    }

    @Test func aDamagedSnapshotIsNeverInstalled() {
        let (bench, metadata) = bench()
        var follower = bench[3]
        var damaged = Self.state
        damaged[50] ^= 1
        var effects: [RaftEffect] = []
        for offset in stride(from: 0, to: 100, by: 25) {
            let chunk = SnapshotChunk(
                metadata: metadata,
                offset: UInt64(offset),
                bytes: Array(damaged[offset..<offset + 25])
            )
            let message = RaftMessage(term: bench[1].term, body: .snapshotChunk(chunk))
            effects += follower.step(.received(message, from: Bench.voter(1)))
        }
        #expect(!effects.contains { if case .installSnapshot = $0 { true } else { false } })
        #expect(follower.ignoredMessageCount == 1)
        let again = SnapshotReply.next(position: metadata.position, offset: 0)
        let body = RaftMessage.Body.snapshotReply(again)
        #expect(
            effects.last
                == .send(.init(term: follower.term, body: body), to: Bench.voter(1), after: nil)
        )
    }

    /// One slot: while one snapshot is being installed, another is dropped (etcd#18055).
    @Test func aSecondSnapshotIsDroppedWhileOneIsInstalled() {
        var (bench, metadata) = bench()
        var answered = 0
        for _ in 0..<5 {
            bench.advance(1, by: 50)
            bench.settle()
            while serve(&bench, &answered) { bench.settle() }
        }
        #expect(installed(bench).count == 1)
        let chunk = SnapshotChunk(
            metadata: SnapshotMetadata(
                position: LogPosition(
                    term: metadata.position.term,
                    index: LogIndex(metadata.position.index.rawValue + 1)
                ),
                voters: metadata.voters,
                byteCount: 1,
                checksum: CRC32C.checksum([9])
            ),
            offset: 0,
            bytes: [9]
        )
        let message = RaftMessage(term: bench[1].term, body: .snapshotChunk(chunk))
        bench.step(3, .received(message, from: Bench.voter(1)))
        #expect(installed(bench).count == 1)
        bench.step(3, .snapshotInstalled(metadata))
        #expect(bench[3].commit == metadata.position.index)
    }

    /// Goal: the driver never saves a snapshot that the disk refuses, which would end the process.
    ///
    /// Writes and snapshots reach the disk in order: one of our own that is asked for behind a
    /// leader's is older than that.
    @Test func noOwnSnapshotBehindALeaders() {
        var (bench, metadata) = bench()
        #expect(bench[1].snapshot == metadata)
        #expect(bench[1].position(at: metadata.position.index) == nil, "it is there already")
        bench.propose(1, 11)
        bench.settle([1, 2])
        #expect(bench[1].position(at: bench[1].applied)?.index == bench[1].applied)

        let before = metadata.position.index
        #expect(bench[2].position(at: before) == metadata.position)
        let next = LogPosition(term: bench[1].term, index: bench[1].applied.next)
        let newer = SnapshotMetadata(
            position: next,
            voters: metadata.voters,
            byteCount: 1,
            checksum: CRC32C.checksum([9])
        )
        let chunk = SnapshotChunk(metadata: newer, offset: 0, bytes: [9])
        let message = RaftMessage(term: bench[1].term, body: .snapshotChunk(chunk))
        bench.step(2, .received(message, from: Bench.voter(1)))
        #expect(
            bench.effects(2).last { if case .installSnapshot = $0 { true } else { false } } != nil
        )
        #expect(bench[2].position(at: before) == nil, "the leader's comes before it")
        bench.step(2, .snapshotInstalled(newer))
        #expect(bench[2].position(at: next.index) == nil, "it is there already")
    }

    @Test func aSnapshotOfTheCommittedPastIsAnsweredAndIgnored() {
        let (bench, metadata) = bench()
        var follower = bench[2]
        let chunk = SnapshotChunk(metadata: metadata, offset: 0, bytes: Self.state)
        let message = RaftMessage(term: bench[1].term, body: .snapshotChunk(chunk))
        let effects = follower.step(.received(message, from: Bench.voter(1)))
        let reply = RaftMessage(
            term: bench[1].term,
            body: .snapshotReply(.installed(follower.commit))
        )
        #expect(effects.contains(.send(reply, to: Bench.voter(1), after: nil)))
        #expect(follower.log.last == bench[2].log.last)
    }

    struct RestoreCase: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let log: ClosedRange<UInt64>?
        let term: UInt64
        let base: UInt64
        let last: UInt64
        let voidsDisk: Bool

        init(
            _ name: String,
            _ log: ClosedRange<UInt64>?,
            _ term: UInt64,
            _ base: UInt64,
            _ last: UInt64,
            _ voidsDisk: Bool
        ) {
            testDescription = name
            self.log = log
            self.term = term
            self.base = base
            self.last = last
            self.voidsDisk = voidsDisk
        }
    }

    // The snapshot ends at i10@t3; the log on disk holds these entries of one term.
    // swift-format-ignore
    static let restoreCases: [RestoreCase] = [
        //           case                                  log      term base last  void
        RestoreCase("no log",                              nil,     3,   10,  10,   false),
        RestoreCase("begins right behind it",              11...14, 3,   10,  14,   false),
        RestoreCase("begins before, ends behind",           4...14, 3,    4,  14,   false),
        RestoreCase("ends with it",                         4...10, 3,    4,  10,   false),
        RestoreCase("ends before it: a crash in between",   4...8,  3,   10,  10,   true),
        RestoreCase("contradicts it",                       4...14, 2,   10,  10,   true),
        RestoreCase("one entry, before it",                 4...4,  2,   10,  10,   true),
    ]

    @Test(arguments: restoreCases)
    func aRestartReconcilesLogAndSnapshot(_ row: RestoreCase) {
        let entries = (row.log.map(Array.init) ?? []).map { index in
            LogEntry(
                position: LogPosition(term: Term(row.term), index: LogIndex(index)),
                kind: .command,
                payload: []
            )
        }
        var raft = Raft(
            settings: .lan,
            me: Bench.voter(1),
            restored: HardState(term: Term(3), vote: nil),
            snapshot: SnapshotMetadata(
                position: LogPosition(term: Term(3), index: LogIndex(10)),
                voters: VoterSet(incoming: [Bench.voter(1), Bench.voter(2)]),
                byteCount: 0,
                checksum: 0
            ),
            entries: entries,
            seed: 1
        )
        #expect(raft.log.base.index == LogIndex(row.base))
        #expect(raft.log.last.index == LogIndex(row.last))
        #expect(raft.applied == LogIndex(10))
        #expect(raft.commit == LogIndex(10))
        #expect(raft.voters.incoming.count == 2)
        let voids = raft.step(.tick(now: 1)).contains { effect in
            if case .persist(let write) = effect {
                write.truncateFrom == LogIndex(1)
            } else {
                false
            }
        }
        #expect(voids == row.voidsDisk)
    }
}
