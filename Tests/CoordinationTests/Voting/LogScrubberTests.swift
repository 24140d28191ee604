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

/// The thread that reads a log in use again.
@Suite(.timeLimit(.minutes(1)))
struct LogScrubberTests {
    @Test func storesDoNotReadInStep() {
        var (one, other) = (SplitMix64(seed: 1), SplitMix64(seed: 2))
        let pauses = (0..<100).map { _ in
            (
                LogScrubber.pauseMS(everyMS: 60_000, using: &one),
                LogScrubber.pauseMS(everyMS: 60_000, using: &other)
            )
        }
        #expect(pauses.allSatisfy { (45_000...75_000).contains($0.0) })
        #expect(pauses.count { abs($0.0 - $0.1) > 1000 } > 80, "in step")
        #expect(LogScrubber.pauseMS(everyMS: 0, using: &one) == 0)
    }

    @Test func itGoesThroughEveryFileFindsDamageAndEnds() async throws {
        let log = try ScratchLog()
        let scrubber = LogScrubber()
        let turns = Mutex<[LogScrub.Turn]>([])
        let scrub = ScratchLog.scrub(log.directory, log.storage.written)
        scrubber.start(scrub, everyMS: 1, seed: 3) { result in
            if case .success(let turn) = result { turns.withLock { $0.append(turn) } }
        }
        try await eventually("both files had a turn") {
            turns.withLock { Set($0.map(\.file)).count == 1 && $0.count > 3 }
        }
        #expect(turns.withLock { $0.allSatisfy(\.damage.isEmpty) })
        try File(log.path("segment-0000000000000001"), .update).write([0xFF], at: 60)
        try await eventually("the damage is found") {
            turns.withLock { $0.last?.damage.map(\.finding) == [.damagedHeader] }
        }
        scrubber.stop()
        try await eventually("it has ended") {
            let before = turns.withLock { $0.count }
            try await Task.sleep(for: .milliseconds(50))
            return turns.withLock { $0.count } == before
        }
    }
}

/// A log in a directory of its own, open and empty.
final class ScratchLog {
    private let scratch: ScratchDirectory
    static let identity = LogIdentity(
        cluster: testCluster(),
        store: testStore(1),
        node: NodeID(1)
    )

    let storage: LogStorage

    init(segmentByteCount: Int = 64 << 10) throws {
        scratch = try ScratchDirectory()
        var options = LogStorage.Options()
        options.segmentByteCount = segmentByteCount
        try LogStorage.create(at: scratch.path, identity: Self.identity, options: options)
        storage = try LogStorage.open(at: scratch.path, identity: Self.identity, options: options).0
    }

    func path(_ name: String) -> FilePath { scratch.path(name) }

    var directory: FilePath { scratch.path }

    /// What a start would find now, from a copy of the files.
    func reopened() throws -> RecoveredLog {
        let copy = try ScratchDirectory()
        for name in try Directory.names(in: directory) where !name.hasPrefix("ballast") {
            let file = try File(path(name), .read)
            let bytes = try file.read(at: 0, count: try file.status().byteCount)
            try File(copy.path(name), .create).write(bytes, at: 0)
        }
        return try LogStorage.open(at: copy.path, identity: Self.identity).1
    }

    static func scrub(_ directory: FilePath, _ tail: LogTail) -> sending LogScrub {
        LogScrub(in: FileLogDirectory(directory), identity: identity, tail: tail)
    }
}
