// SPDX-License-Identifier: Apache-2.0
import Coordination
import LogStorage
import Primitives
import RaftCore
import Synchronization
import SystemIO
import SystemPackage
import TestKit
import Testing

/// The log's thread on a disk without room.
@Suite(.timeLimit(.minutes(1)))
struct LogWriterTests {
    /// What the thread has said so far.
    private final class Ears: Sendable {
        private let said = Mutex<[LogWriter.Completion]>([])

        func hear(_ completion: LogWriter.Completion) { said.withLock { $0.append(completion) } }

        private func last(_ sequence: (LogWriter.Completion) -> WriteSequence?) -> UInt64 {
            said.withLock { $0.compactMap(sequence).last?.rawValue ?? 0 }
        }

        var persisted: UInt64 {
            last { if case .persisted(let sequence, _) = $0 { sequence } else { nil } }
        }

        var installed: Int {
            said.withLock { said in
                said.count { if case .snapshotInstalled = $0 { true } else { false } }
            }
        }

        var promised: UInt64 {
            last { if case .promised(let sequence) = $0 { sequence } else { nil } }
        }
    }

    private static func start(
        _ writer: LogWriter,
        _ directory: FilePath,
        _ door: RoomlessDirectory.Door,
        _ ears: Ears
    ) throws {
        let log = RoomlessDirectory(directory, door)
        var options = LogStorage.Options()
        options.segmentByteCount = 4096
        let (storage, _) = try LogStorage.open(
            in: log,
            identity: ScratchLog.identity,
            options: options
        )
        writer.start(storage, in: directory) {
            ears.hear($0)
        } failure: { error in
            preconditionFailure("the log's thread ended: \(error)")
        }
    }

    private static func write(
        _ sequence: UInt64,
        _ hardState: HardState? = nil,
        entries: Int = 0
    ) -> LogWriter.Job {
        .write(
            LogWrite(
                sequence: WriteSequence(sequence),
                hardState: hardState,
                truncateFrom: nil,
                entries: (0..<entries).map { offset in
                    LogEntry(
                        position: LogPosition(
                            term: Term(1),
                            index: LogIndex(sequence + UInt64(offset))
                        ),
                        kind: .command,
                        payload: [UInt8](repeating: 7, count: 2500)
                    )
                }
            )
        )
    }

    /// Goal: a voter whose disk is full votes.
    ///
    /// Method: a write fills the segment, and the next one waits for another file. A vote behind it is
    /// durable all the same, before the write it waits behind is, and counts at the next start.
    /// Whether it comes with the write that waits, or behind it, is the same.
    @Test(arguments: [true, false])
    func aVoteDoesNotWaitForTheSpaceThatEntriesWaitFor(isBehind: Bool) async throws {
        let log = try ScratchLog(segmentByteCount: 4096)
        let (door, ears) = (RoomlessDirectory.Door(), Ears())
        let writer = LogWriter()
        try Self.start(writer, log.directory, door, ears)
        writer.submit(Self.write(1, HardState(term: Term(1), vote: nil), entries: 1))
        try await eventually("the first write") { ears.persisted == 1 }
        door.close()
        writer.submit(Self.write(2, HardState(term: Term(1), vote: NodeID(1)), entries: 1))
        if isBehind { try await eventually("it waits") { ears.promised == 2 } }
        writer.submit(Self.write(3, HardState(term: Term(2), vote: NodeID(3))))
        writer.submit(Self.write(4, HardState(term: Term(3), vote: NodeID(2))))
        try await eventually("the votes") { ears.promised == 4 }
        #expect(ears.persisted == 1)
        let promised = HardState(term: Term(3), vote: NodeID(2))
        #expect(try log.reopened().hardState == promised)
        // No batch says it yet, but both slots: one that is lost does not take the vote with it.
        for slot in [0, 4096] {
            let file = try File(log.path("hard-state"), .update)
            let kept = try file.read(at: slot + 60, count: 1)
            try file.write([kept[0] ^ 1], at: slot + 60)
            #expect(try log.reopened().hardState == promised, "slot at \(slot)")
            try file.write(kept, at: slot + 60)
        }

        door.open()
        try await eventually("all of it") { ears.persisted == 4 }
        #expect(writer.stop())
        let recovered = try log.reopened()
        #expect(
            recovered.hardState == promised && recovered.entries.map(\.index.rawValue) == [1, 2]
        )
    }

    /// A write takes the space that is kept back at once, not when the disk is looked at the next time.
    @Test func theSpaceKeptBackIsUsedAtOnce() async throws {
        let log = try ScratchLog(segmentByteCount: 4096)
        let (door, ears) = (RoomlessDirectory.Door(), Ears())
        let writer = LogWriter()
        try Self.start(writer, log.directory, door, ears)
        let ballast = log.path(DiskReserve.name)
        try await eventually("a reserve") { (try? FileStatus(of: ballast)) != nil }
        writer.submit(Self.write(1, HardState(term: Term(1), vote: nil), entries: 1))
        try await eventually("the first write") { ears.persisted == 1 }
        door.close { (try? FileStatus(of: ballast)) != nil }
        let started = ContinuousClock.now
        writer.submit(Self.write(2, entries: 1))
        try await eventually("the second") { ears.persisted == 2 }
        let took = ContinuousClock.now - started
        #expect(door.refused == 1)
        #expect(took < .milliseconds(900), "it waited for the next look, a second later")
        #expect(writer.stop())
    }

    /// Goal: a leader's snapshot that is in place while its mark in the log waits for space ends like any
    /// other: what it stands for is dropped.
    ///
    /// Method: a mark and one entry fill a segment to its last sector, so that the third mark needs
    /// another file, which finds no room.
    @Test func aSnapshotThatWaitedLeavesNothingBehind() async throws {
        let log = try ScratchLog(segmentByteCount: 4096)
        let (door, ears) = (RoomlessDirectory.Door(), Ears())
        let writer = LogWriter()
        try Self.start(writer, log.directory, door, ears)
        for (count, index) in [UInt64(10), 20].enumerated() {
            writer.submit(Self.snapshot(index))
            try await eventually("snapshot \(index)") { ears.installed == count + 1 }
            let term = count == 0 ? HardState(term: Term(1), vote: nil) : nil
            writer.submit(Self.write(index + 1, term, entries: 1))
            try await eventually("entry \(index + 1)") { ears.persisted == index + 1 }
        }
        door.closeBehindNextDraft()
        writer.submit(Self.snapshot(30))
        try await eventually("its mark waits") { door.refused > 0 }
        #expect(ears.installed == 2)
        door.open()
        try await eventually("it is installed") { ears.installed == 3 }
        #expect(writer.stop())
        let names = try Directory.names(in: log.directory)
        #expect(names.count { $0.hasPrefix("snapshot-") } == 2, "\(names)")
        #expect(names.count { $0.hasPrefix("segment-") } == 1, "\(names)")
        #expect(try log.reopened().snapshot?.metadata.position.index == LogIndex(30))
    }

    private static func snapshot(_ index: UInt64) -> LogWriter.Job {
        let state = [UInt8](repeating: 1, count: 100)
        let metadata = SnapshotMetadata(
            position: LogPosition(term: Term(1), index: LogIndex(index)),
            voters: VoterSet(incoming: [Voter(node: NodeID(1), store: testStore(1))]),
            byteCount: UInt64(state.count),
            checksum: CRC32C.checksum(state)
        )
        return .installSnapshot(metadata, state: state)
    }
}

/// A directory on a disk that has room for another file, or not.
private final class RoomlessDirectory: LogDirectory {
    final class Door: Sendable {
        private struct State {
            var isOpen = true
            /// Drafts that still find room once it is closed.
            var left = 0
            var refused = 0
            var isFull: @Sendable () -> Bool = { true }
        }

        private let state = Mutex(State())

        func open() { state.withLock { $0.isOpen = true } }

        func close() { state.withLock { ($0.isOpen, $0.left) = (false, 0) } }

        /// Closes it as long as `isFull` says so.
        func close(while isFull: @escaping @Sendable () -> Bool) {
            state.withLock { ($0.isOpen, $0.left, $0.isFull) = (false, 0, isFull) }
        }

        func closeBehindNextDraft() { state.withLock { ($0.isOpen, $0.left) = (false, 1) } }

        var refused: Int { state.withLock { $0.refused } }

        func pass() throws(Errno) {
            let isIn = state.withLock { state in
                if state.isOpen || !state.isFull() { return true }
                if state.left > 0 {
                    state.left -= 1
                    return true
                }
                state.refused += 1
                return false
            }
            if !isIn { throw .noSpace }
        }
    }

    private let files: FileLogDirectory
    private let door: Door

    init(_ path: FilePath, _ door: Door) {
        files = FileLogDirectory(path)
        self.door = door
    }

    func names() throws(Errno) -> [String] { try files.names() }

    func open(_ name: String) throws(Errno) -> any LogFile { try files.open(name) }

    func create(_ name: String) throws(Errno) -> any LogFile {
        try door.pass()
        return try files.create(name)
    }

    func rename(_ old: String, to new: String) throws(Errno) { try files.rename(old, to: new) }

    func remove(_ name: String) throws(Errno) { try files.remove(name) }

    func sync() throws(Errno) { try files.sync() }
}
