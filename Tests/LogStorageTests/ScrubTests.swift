// SPDX-License-Identifier: Apache-2.0
import LogStorage
import Primitives
import SimulationKit
import SystemIO
import SystemPackage
import TestKit
import Testing

/// What a scrub finds in a log that is in use.
@Suite struct ScrubTests {
    /// A scrub of these files, by a log that was opened on the undamaged ones.
    static func scrub(of image: LogImage) throws -> LogScrub {
        let (storage, _) = try CrashTests.open(CrashDirectory(files: LogImage.whole().files))
        return LogScrub(
            in: CrashDirectory(files: image.files),
            identity: ownIdentity,
            tail: storage.written
        )
    }

    @Test func everyFileHasItsTurn() throws {
        var scrub = try Self.scrub(of: LogImage.whole())
        var (files, paced): ([String?], Int) = ([], 0)
        for _ in 0..<6 {
            let turn = try scrub.turn { paced += $0 }
            files.append(turn.file)
            #expect(turn.damage.isEmpty)
            #expect(turn.byteCount == paced)
            paced = 0
        }
        let names =
            (1...3).map(LogImage.segment) + [
                LogImage.snapshot(6, 1), LogImage.snapshot(14, 1),
            ]
        #expect(files == names + [names[0]])
    }

    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let finding: RecoveryFinding?
        let damage: @Sendable (inout LogImage) -> Void

        init(
            _ name: String,
            _ finding: RecoveryFinding?,
            _ damage: @escaping @Sendable (inout LogImage) -> Void
        ) {
            testDescription = name
            self.finding = finding
            self.damage = damage
        }
    }

    static let last = LogImage.lastBatch
    static let (one, three) = (LogImage.segment(1), LogImage.segment(3))
    static let newest = LogImage.snapshot(14, 1)

    // swift-format-ignore
    static let rows: [Row] = [
        Row("a bit in a full segment",         .damagedSegment)    { $0.flip(one, 700) },
        Row("a sector of a full segment",      .unfinishedSegment) { $0.zero(one, 1024..<1536) },
        Row("a bit in a header",               .damagedHeader)     { $0.flip(one, 60) },
        Row("a full segment cut",              .wrongLength)       { $0.files[one]?.removeLast(512) },
        Row("another segment's content",       .misnamed)          { $0.files[one] = $0.files[three] },
        Row("a bit in the last batch",         .damagedBatch)      { $0.flip(three, last + 900) },
        // Opening would take these for batches that were cut short, and drop them.
        Row("the last batch's first sector",   .damagedBatch)      { $0.zero(three, last..<last + 512) },
        Row("the last batch's last sector",    .damagedBatch)      { $0.zero(three, last + 1024..<last + 1536) },
        Row("the whole last batch",            .damagedBatch)      { $0.zero(three, last..<last + 1536) },
        Row("the end of the last segment",     .wrongLength)       { $0.files[three]?.removeLast(4096 - last) },
        Row("behind the log's end",            nil)                { $0.flip(three, last + 1536) },
        Row("one slot of the hard state",      .oneSlotLost)       { $0.flip("hard-state", 4096 + 40) },
        Row("both slots of the hard state",    .hardStateLost)     { $0.zero("hard-state", 0..<8192) },
        Row("a snapshot's state",              .snapshotDamaged)   { $0.flip(newest, 900) },
        Row("a snapshot's header",             .snapshotDamaged)   { $0.flip(newest, 100) },
        Row("a file that has gone",            nil)                { $0.files[one] = nil },
    ]

    @Test(arguments: rows) func damageIsFoundWithinARound(_ row: Row) throws {
        var image = try LogImage.whole()
        row.damage(&image)
        var scrub = try Self.scrub(of: image)
        var found: [LogScrub.Damage] = []
        for _ in 0..<5 { found = try scrub.turn { _ in }.damage }
        #expect(found.map(\.finding) == (row.finding.map { [$0] } ?? []), "\(found)")
    }

    /// A damaged snapshot is made up for by the one before it; where that is damaged too, by a log that
    /// goes back to the beginning; else by nothing on this disk.
    @Test(arguments: [true, false]) func theLastSnapshotOfAShortenedLogIsRot(isShort: Bool) throws {
        let snapshots: [LogModel.Step] = [
            .snapshot(position(10, 1), byteCount: 700), .snapshot(position(14, 1), byteCount: 700),
        ]
        var image = try LogImage.make(
            LogImage.batches + snapshots + (isShort ? [.compact(LogIndex(14))] : [])
        )
        let (storage, _) = try CrashTests.open(CrashDirectory(files: image.files))
        var expected: [RecoveryFinding] = []
        for (name, finding) in [
            (LogImage.snapshot(14, 1), .snapshotDamaged),
            (LogImage.snapshot(10, 1), isShort ? .snapshotLost : .snapshotDamaged),
        ] as [(String, RecoveryFinding)] {
            image.flip(name, 900)
            expected = Array(repeating: finding, count: expected.count + 1)
            var scrub = LogScrub(
                in: CrashDirectory(files: image.files),
                identity: ownIdentity,
                tail: storage.written
            )
            var found: [RecoveryFinding] = []
            for _ in 0..<5 { found = try scrub.turn { _ in }.damage.map(\.finding) }
            #expect(found == expected)
        }
    }

    /// A disk that has lost something once is not believed when it shows it again; only the log itself,
    /// which drops the file behind a snapshot of what memory holds, makes it good.
    @Test func rotStaysUntilTheLogHasDroppedTheFile() throws {
        let image = try LogImage.whole()
        let files = CrashDirectory(files: image.files)
        let (storage, _) = try CrashTests.open(CrashDirectory(files: image.files))
        var scrub = LogScrub(in: files, identity: ownIdentity, tail: storage.written)
        func round() throws -> [RecoveryFinding] {
            var found: [RecoveryFinding] = []
            for _ in 0..<5 { found = try scrub.turn { _ in }.damage.map(\.finding) }
            return found
        }
        func write(_ byte: UInt8, to name: String, at offset: Int) throws {
            try files.open(name).write([byte], at: offset)
        }
        let kept = try #require(image.files[Self.one]?[700])
        try write(kept ^ 1, to: Self.one, at: 700)
        #expect(try round() == [.damagedSegment])
        try write(kept, to: Self.one, at: 700)
        #expect(try round() == [.damagedSegment])
        try files.remove(Self.one)
        #expect(try round().isEmpty)
    }

    /// The log is written while its files are read: never a finding, and always the whole of it.
    @Test func aLogInUseIsClean() throws {
        let scratch = try ScratchDirectory()
        let directory = FileLogDirectory(scratch.path)
        try LogStorage.create(in: directory, identity: ownIdentity, options: tiny())
        let (storage, _) = try LogStorage.open(
            in: directory,
            identity: ownIdentity,
            options: tiny()
        )
        var scrub = LogScrub(in: directory, identity: ownIdentity, tail: storage.written)
        for index in UInt64(1)...60 {
            let step = write(index...index, term: index / 7 + 1, byteCount: 300)
            try storage.perform(step)
            if index % 20 == 0 {
                try storage.perform(.snapshot(position(index, index / 7 + 1), byteCount: 2000))
                try storage.perform(.compact(LogIndex(index)))
            }
            #expect(try scrub.turn { _ in }.damage.isEmpty, "after \(index)")
        }
        try File(scratch.path("hard-state"), .update).write([0xFF], at: 60)
        try File(scratch.path("hard-state"), .update).write([0xFF], at: 4156)
        #expect(try scrub.turn { _ in }.damage.map(\.finding) == [.hardStateLost])
    }
}
