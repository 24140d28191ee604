// SPDX-License-Identifier: Apache-2.0
import LogStorage
import Primitives
import RaftCore
import SimulationKit
import SystemPackage
import TestKit
import Testing

@Suite struct WritingTests {
    private static func fresh() throws -> (CrashDirectory, LogStorage) {
        let directory = CrashDirectory()
        try LogStorage.create(in: directory, identity: ownIdentity, options: tiny())
        return (directory, try CrashTests.open(directory).0)
    }

    /// Goal: what a random history leaves is what a model of plain values says.
    @Test(arguments: UInt64(1)...40) func agreesWithTheModel(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        let (directory, first) = try Self.fresh()
        var storage = first
        var model = LogModel()
        var reopened = 0
        for _ in 0..<60 {
            let step = Self.step(model, storage, &generator)
            model.apply(step)
            if step == .reopen {
                let (again, log) = try CrashTests.open(directory)
                storage = again
                reopened += 1
                #expect(LogModel(log) == model, "seed \(seed)")
                #expect(log.repairs.isEmpty)
            }
            try storage.perform(step)
        }
        #expect(LogModel(try CrashTests.open(directory).1) == model, "seed \(seed)")
        #expect(reopened > 0 && model.snapshot != nil, "seed \(seed) tested too little")
    }

    private static func step(
        _ model: LogModel,
        _ storage: LogStorage,
        _ generator: inout SplitMix64
    ) -> LogModel.Step {
        let last = max(storage.lastIndex.rawValue, model.snapshot?.index.rawValue ?? 0)
        let term = model.hardState.term.rawValue
        let first = (model.snapshot?.index.rawValue ?? 0) + 1
        switch generator.next() % 10 {
        case 0: return .reopen
        case 1: return write(term: term + 1, vote: generator.chance(percent: 50) ? 7 : nil)
        case 2 where last >= first:
            let from = UInt64.random(in: first...last, using: &generator)
            let end = from + generator.next() % 4
            return write(from...end, term: term + 1, truncateFrom: from, byteCount: 200)
        case 3 where last >= first:
            let index = UInt64.random(in: first...last, using: &generator)
            guard let held = model.entries.first(where: { $0.index.rawValue == index }) else {
                return .reopen
            }
            return .snapshot(held.position, byteCount: Int(generator.next() % 2000))
        case 4 where term > 0: return .snapshot(position(last + 20, term), byteCount: 50)
        case 5: return .compact(LogIndex(last))
        default:
            let next = max(term, 1)
            let vote = model.hardState.vote?.rawValue
            let end = last + 1 + generator.next() % 5
            let byteCount = Int(generator.next() % 700)
            return write(last + 1...end, term: next, vote: vote, byteCount: byteCount)
        }
    }

    struct VoidCase: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let snapshot: LogPosition
        let truncateFrom: UInt64
        let entries: ClosedRange<UInt64>?
        let left: [LogPosition]
    }

    // The log holds 1…9 of term 1 before the snapshot is saved; what is written is of term 2.
    // swift-format-ignore
    static let voidCases: [VoidCase] = [
        VoidCase(testDescription: "below a snapshot that the log goes on from",
                 snapshot: position(5, 1), truncateFrom: 1, entries: 6...7, left: [position(6, 2), position(7, 2)]),
        VoidCase(testDescription: "at the snapshot's end",
                 snapshot: position(5, 1), truncateFrom: 5, entries: 6...6, left: [position(6, 2)]),
        VoidCase(testDescription: "right behind it: an ordinary truncation",
                 snapshot: position(5, 1), truncateFrom: 6, entries: 6...6, left: [position(6, 2)]),
        VoidCase(testDescription: "one further: what is between stays",
                 snapshot: position(5, 1), truncateFrom: 7, entries: 7...7, left: [position(6, 1), position(7, 2)]),
        VoidCase(testDescription: "nothing written",
                 snapshot: position(5, 1), truncateFrom: 1, entries: nil, left: []),
        VoidCase(testDescription: "the snapshot ends with the log",
                 snapshot: position(9, 1), truncateFrom: 1, entries: 10...10, left: [position(10, 2)]),
        VoidCase(testDescription: "the snapshot has replaced the log before",
                 snapshot: position(50, 1), truncateFrom: 1, entries: 51...51, left: [position(51, 2)]),
    ]

    /// Goal: a core that truncates at or below the snapshot goes on behind the snapshot, whatever
    /// the log held, and so does the log after a restart.
    @Test(arguments: voidCases) func aTruncationBelowTheSnapshotVoidsTheLog(row: VoidCase) throws {
        let (directory, storage) = try Self.fresh()
        try storage.perform(write(1...9, term: 1))
        try storage.perform(.snapshot(row.snapshot, byteCount: 10))
        try storage.perform(write(row.entries, term: 2, truncateFrom: row.truncateFrom))
        #expect(storage.lastIndex == row.left.last?.index ?? row.snapshot.index)

        let (_, log) = try CrashTests.open(directory)
        #expect(log.entries.map(\.position) == row.left)
        #expect(log.snapshot?.metadata.position == row.snapshot)
        #expect(log.repairs.isEmpty)
    }

    @Test func aBatchTakesOneSync() throws {
        let (directory, storage) = try Self.fresh()
        try storage.perform(write(1...1, term: 1))
        let before = directory.operationCount
        let writes = (2...9).map { index in
            LogWrite(
                sequence: WriteSequence(0),
                hardState: nil,
                truncateFrom: nil,
                entries: [entry(UInt64(index), 1)]
            )
        }
        try storage.write(writes)
        #expect(directory.operationCount == before + 2, "one write, one sync")
    }

    @Test func hardStateIsDurableBeforeTheEntriesOfItsTerm() throws {
        let (directory, storage) = try Self.fresh()
        let before = directory.operationCount
        directory.crashAt = before + 2  // the slot is written and synced, the batch is not
        #expect(throws: LogStorageError.self) {
            try storage.perform(write(1...1, term: 4, vote: 5))
        }
        var generator = SplitMix64(seed: 1)
        let (_, log) = try CrashTests.open(directory.image(using: &generator))
        #expect(log.hardState == HardState(term: Term(4), vote: NodeID(5)))
        #expect(log.entries.isEmpty)
    }

    @Test func afterAFailedSyncEverythingIsRefused() throws {
        let (directory, storage) = try Self.fresh()
        try storage.perform(write(1...1, term: 1))
        directory.syncFailsFrom = directory.operationCount
        let name = LogImage.segment(1)
        let failure = IOFailure(operation: "sync", file: name, errno: .ioError)
        #expect(throws: LogStorageError.io(failure)) { try storage.perform(write(2...2, term: 1)) }

        directory.syncFailsFrom = .max
        let steps: [LogModel.Step] = [
            write(3...3, term: 1), .compact(LogIndex(1)), .snapshot(position(1, 1), byteCount: 1),
        ]
        for step in steps {
            #expect(throws: LogStorageError.stopped(failure)) { try storage.perform(step) }
        }
        let (metadata, _) = snapshotState(position(1, 1), byteCount: 1)
        #expect(throws: LogStorageError.stopped(failure)) {
            try storage.readSnapshot(metadata, offset: 0, byteCount: 1)
        }
    }

    /// Goal: what a start shows is durable, though the sync before it failed and the kernel has
    /// forgotten that there was something to write (fsyncgate).
    @Test func whatAFailedSyncLeftInMemoryIsWrittenAnew() throws {
        let (directory, storage) = try Self.fresh()
        try storage.perform(write(1...1, term: 1))
        directory.syncFailsFrom = directory.operationCount
        #expect(throws: LogStorageError.self) { try storage.perform(write(2...2, term: 1)) }
        directory.syncFailsFrom = .max

        let lost = try CrashTests.open(directory.durableImage).1
        #expect(lost.entries.map(\.index.rawValue) == [1], "the medium never had it")
        let found = try CrashTests.open(directory).1
        #expect(found.entries.map(\.index.rawValue) == [1, 2], "the page cache has it")
        let kept = try CrashTests.open(directory.durableImage).1
        #expect(LogModel(kept) == LogModel(found))
    }

    @Test func wrongWritesAreRefusedBeforeAnythingIsWritten() throws {
        let (directory, storage) = try Self.fresh()
        try storage.perform(write(1...3, term: 2))
        let before = directory.operationCount
        // swift-format-ignore
        let cases: [(LogModel.Step, LogStorageError)] = [
            (write(term: 1), .hardStateRegressed(from: .init(term: Term(2), vote: nil), to: .init(term: Term(1), vote: nil))),
            (write(5...5, term: 2), .outOfOrder(expected: LogIndex(4), found: LogIndex(5))),
            (write(3...3, term: 2), .outOfOrder(expected: LogIndex(4), found: LogIndex(3))),
            (write(4...4, term: 2, byteCount: 5000), .tooLarge(byteCount: 5036, limit: 3517)),
        ]
        for (step, error) in cases {
            #expect(throws: error) { try storage.perform(step) }
        }
        let ahead = LogWrite(
            sequence: WriteSequence(1),
            hardState: nil,
            truncateFrom: nil,
            entries: [entry(4, 3)]
        )
        #expect(throws: LogStorageError.termAhead(entry: position(4, 3), hardState: Term(2))) {
            try storage.write([ahead])
        }
        let (metadata, state) = snapshotState(position(2, 2), byteCount: 9)
        #expect(throws: LogStorageError.snapshotMismatch(metadata.position)) {
            try storage.saveSnapshot(metadata, state: state + [0])
        }
        #expect(directory.operationCount == before)
    }

    @Test func snapshotsAreReadInParts() throws {
        let (_, storage) = try Self.fresh()
        try storage.perform(write(1...3, term: 1))
        let (metadata, state) = snapshotState(position(2, 1), byteCount: 1000)
        try storage.saveSnapshot(metadata, state: state)
        var read: [UInt8] = []
        while read.count < state.count {
            read += try storage.readSnapshot(metadata, offset: UInt64(read.count), byteCount: 77)
        }
        #expect(read == state)
        #expect(try storage.readSnapshot(metadata, offset: 1000, byteCount: 77).isEmpty)
        #expect(throws: LogStorageError.noSuchSnapshot(metadata.position)) {
            try storage.readSnapshot(metadata, offset: 1001, byteCount: 1)
        }
        #expect(throws: LogStorageError.snapshotNotNewer(position(2, 1), newest: position(2, 1))) {
            try storage.saveSnapshot(metadata, state: state)
        }
    }

    @Test func compactionKeepsTheLogConnectedToBothSnapshots() throws {
        let (directory, storage) = try Self.fresh()
        for step in LogImage.batches { try storage.perform(step) }
        try storage.perform(.snapshot(position(10, 1), byteCount: 10))
        try storage.perform(.compact(LogIndex(10)))
        #expect(directory.files[LogImage.segment(1)] == nil)
        #expect(directory.files[LogImage.segment(2)] != nil)
        try storage.perform(.snapshot(position(20, 1), byteCount: 10))
        try storage.perform(.compact(LogIndex(20)))
        #expect(directory.files[LogImage.segment(2)] != nil, "the older snapshot needs it")
        try storage.perform(.snapshot(position(24, 1), byteCount: 10))
        try storage.perform(.compact(LogIndex(24)))
        #expect(directory.files[LogImage.segment(2)] == nil)
        #expect(directory.files[LogImage.snapshot(10, 1)] == nil, "two are kept")
        #expect(directory.files[LogImage.snapshot(20, 1)] != nil)
    }

    @Test func worksOnARealDisk() throws {
        let scratch = try ScratchDirectory()
        try LogStorage.create(at: scratch.path, identity: ownIdentity)
        let (storage, empty) = try LogStorage.open(at: scratch.path, identity: ownIdentity)
        #expect(empty.entries.isEmpty && empty.snapshot == nil)
        for first in stride(from: UInt64(1), through: 40, by: 1) {
            try storage.perform(write(first...first, term: 1, vote: 5, byteCount: 1 << 20))
        }
        try storage.perform(.snapshot(position(35, 1), byteCount: 100_000))
        try storage.compact(upTo: LogIndex(35))
        let (_, log) = try LogStorage.open(at: scratch.path, identity: ownIdentity)
        #expect(log.entries.map(\.index.rawValue) == Array(36...40))
        #expect(log.snapshot?.metadata.position == position(35, 1))
        #expect(throws: LogStorageError.alreadyExists(file: "hard-state")) {
            try LogStorage.create(at: scratch.path, identity: ownIdentity)
        }
        let nothing = try ScratchDirectory()
        #expect(throws: LogStorageError.missing) {
            try LogStorage.open(at: nothing.path, identity: ownIdentity)
        }
    }
}
