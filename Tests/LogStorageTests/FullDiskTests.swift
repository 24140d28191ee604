// SPDX-License-Identifier: Apache-2.0
import LogStorage
import Primitives
import SimulationKit
import SystemIO
import SystemPackage
import TestKit
import Testing

/// A disk without room for another file: the log waits, loses nothing, and goes on when there is room.
@Suite struct FullDiskTests {
    @Test(arguments: CrashTests.patterns, FullDirectory.Stage.allCases)
    func theLogGoesOn(_ pattern: CrashTests.Pattern, stage: FullDirectory.Stage) throws {
        let counter = FullDirectory(CrashDirectory())
        _ = try CrashTests.run(pattern, on: counter.directory, through: counter)
        var waits = 0
        // The first two drafts make the log.
        for draft in 2..<counter.draftCount {
            let door = FullDirectory(CrashDirectory(), fullFrom: draft, at: stage)
            waits += try Self.runWaiting(pattern, door, draft)
        }
        // The next two are what opening makes: hard state, and a copy of the last segment.
        #expect(waits > 0 || counter.draftCount == 4, "no draft found the disk full")
    }

    /// Runs a pattern; at each `full` checks what a crash would leave, makes room, goes on.
    static func runWaiting(
        _ pattern: CrashTests.Pattern,
        _ door: FullDirectory,
        _ draft: Int
    ) throws -> Int {
        try LogStorage.create(in: door, identity: ownIdentity, options: tiny())
        var (storage, _) = try openWaiting(door)
        var run = CrashTests.Run(directory: door.directory)
        var waits = 0
        for step in pattern.steps {
            run.after.apply(step)
            if step == .reopen { storage = try openWaiting(door).0 }
            do throws(LogStorageError) {
                try storage.perform(step)
            } catch {
                guard case .full = error else { throw error }
                waits += 1
                var generator = SplitMix64(seed: UInt64(draft))
                let image = door.directory.image(using: &generator)
                #expect(CrashTests.problem(run, image, { _ in }) == nil, "draft \(draft)")
                #expect(throws: LogStorageError.self) {
                    storage.isWaitingForSpace ? try storage.resume() : try storage.perform(step)
                }
                door.fullFrom = nil
                storage.isWaitingForSpace ? try storage.resume() : try storage.perform(step)
            }
            run.before = run.after
        }
        let (_, recovered) = try CrashTests.open(door.directory)
        #expect(LogModel(recovered) == run.after, "draft \(draft)")
        #expect(recovered.repairs.isEmpty, "draft \(draft): a draft was left behind")
        return waits
    }

    private static func openWaiting(
        _ door: FullDirectory
    ) throws(LogStorageError) -> (LogStorage, RecoveredLog) {
        do throws(LogStorageError) {
            return try CrashTests.open(door)
        } catch {
            guard case .full = error else { throw error }
            door.fullFrom = nil
            return try CrashTests.open(door)
        }
    }

    @Test func aWriteInPlaceThatFindsNoSpaceIsFinal() throws {
        let door = FullDirectory(CrashDirectory())
        try LogStorage.create(in: door, identity: ownIdentity, options: tiny())
        let (storage, _) = try CrashTests.open(door)
        door.directory.crashAt = door.directory.operationCount
        #expect(throws: LogStorageError.self) { try storage.perform(write(1...1, term: 1)) }
        #expect(throws: LogStorageError.self) { try storage.resume() }
    }

    // MARK: - How full

    struct Fill: CustomTestStringConvertible, Sendable {
        let total: UInt64
        let available: UInt64
        let before: DiskLevel
        let after: DiskLevel
        var testDescription: String { "\(available) of \(total) after \(before)" }

        init(_ total: UInt64, _ available: UInt64, _ before: DiskLevel, _ after: DiskLevel) {
            (self.total, self.available, self.before, self.after) = (
                total, available, before, after
            )
        }
    }

    static let (mib, gib): (UInt64, UInt64) = (1 << 20, 1 << 30)

    // swift-format-ignore
    static let fills: [Fill] = [
        Fill(100 * gib, 11 * gib, .ample, .ample), Fill(100 * gib, 10 * gib, .ample, .low),
        Fill(100 * gib, 5 * gib, .ample, .low), Fill(100 * gib, 5 * gib - 1, .ample, .low),
        Fill(80 * gib, 4 * gib - 1, .ample, .tight), Fill(40 * gib, gib, .ample, .tight),
        Fill(40 * gib, 800 * mib, .ample, .full), Fill(100 * mib, 2 * mib, .ample, .full),
        Fill(100 * mib, 0, .ample, .full), Fill(100 * mib, 100 * mib, .full, .ample),
        // A large disk: 2 % are more than a log can ever need.
        Fill(10_000 * gib, 200 * gib, .ample, .ample), Fill(10_000 * gib, 15 * gib, .ample, .low),
        Fill(10_000 * gib, 3 * gib, .ample, .tight), Fill(10_000 * gib, gib - 1, .ample, .full),
        // A level is left 1 % further on than it is entered.
        Fill(100 * mib, 3 * mib, .ample, .tight), Fill(100 * mib, 3 * mib, .full, .full),
        Fill(100 * mib, 4 * mib, .full, .tight), Fill(100 * mib, 6 * mib, .tight, .tight),
        Fill(100 * mib, 11 * mib, .low, .low), Fill(100 * mib, 12 * mib, .low, .ample),
        // A file system that says nothing, or more than all.
        Fill(0, 0, .full, .ample), Fill(10, 20, .ample, .ample),
        Fill(.max, 0, .ample, .full),
    ]

    @Test(arguments: fills) func level(_ fill: Fill) {
        #expect(fill.before.next(total: fill.total, available: fill.available) == fill.after)
    }

    @Test func theReserveIsKeptGivenBackAndMadeAgain() throws {
        let scratch = try ScratchDirectory()
        let space = Space()
        space.available = 500 * Self.mib
        var reserve = DiskReserve(scratch.path, segmentByteCount: 16 << 20) { _ in space.facts }
        let held = { try FileStatus(of: scratch.path("ballast")).allocatedByteCount }
        #expect(reserve.look().level == .ample)
        #expect(try held() >= 32 << 20)
        #expect(reserve.release())
        #expect(!reserve.release())

        // As long as there is no room for the log with the reserve in its place, it is left out.
        space.available = 40 * Self.mib
        #expect(reserve.look().level == .full)
        #expect(throws: Errno.noSuchFileOrDirectory) { try held() }
        space.available = 300 * Self.mib
        #expect(reserve.look().level == .ample)
        #expect(try held() >= 32 << 20)
    }

    private final class Space {
        var available: UInt64 = 0
        var facts: FileSystemSpace {
            FileSystemSpace(total: 1 << 30, available: available, freeInodes: 1)
        }
    }

    struct Size: CustomTestStringConvertible, Sendable {
        let (totalMiB, reserveBytes): (UInt64, Int)
        var testDescription: String { "\(totalMiB) MiB" }

        init(_ totalMiB: UInt64, _ reserveBytes: Int) {
            (self.totalMiB, self.reserveBytes) = (totalMiB, reserveBytes)
        }
    }

    private static let forAStart = 16 << 20 + 128 << 10

    // swift-format-ignore
    static let sizes: [Size] = [
        Size(1 << 20, 64 << 20), Size(2048, 64 << 20), Size(1024, 32 << 20), Size(640, 20 << 20),
        // A copy of the last segment has to fit at the next start.
        Size(512, forAStart), Size(256, forAStart), Size(65, forAStart),
        // Where that is more than a quarter of all it is left out.
        Size(64, 2 << 20), Size(32, 1 << 20), Size(31, 0), Size(0, 0),
    ]

    @Test(arguments: sizes) func theReserveIsEnoughForAStart(_ size: Size) {
        let total = size.totalMiB << 20
        #expect(
            DiskReserve.byteCount(ofTotal: total, segmentByteCount: 16 << 20) == size.reserveBytes
        )
    }
}
