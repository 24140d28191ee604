// SPDX-License-Identifier: Apache-2.0
import LogStorage
import Primitives
import SimulationKit
import SystemPackage
import Testing

/// Sectors that a disk cannot read: what stood there is lost, and the log is judged by that.
@Suite struct UnreadableTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let file: String
        let lost: Range<Int>
        /// What opening says, and what a scrub says of a log in use.
        let (opening, scrub): (RecoveryFinding, RecoveryFinding?)

        init(
            _ name: String,
            _ file: String,
            _ lost: Range<Int>,
            _ opening: RecoveryFinding,
            _ scrub: RecoveryFinding?
        ) {
            testDescription = name
            (self.file, self.lost) = (file, lost)
            (self.opening, self.scrub) = (opening, scrub)
        }
    }

    static let (one, three) = (LogImage.segment(1), LogImage.segment(3))
    static let newest = LogImage.snapshot(14, 1)
    static let last = LogImage.lastBatch

    // swift-format-ignore
    static let rows: [Row] = [
        Row("a full segment",            one,          700..<701,               .damagedSegment,  .damagedSegment),
        Row("a full segment's header",   one,          0..<512,                 .damagedHeader,   .damagedSegment),
        Row("the last batch",            three,        last..<last + 512,       .damagedBatch,    .damagedBatch),
        // At a start nobody knows that nothing was ever written there.
        Row("behind the log's end",      three,        last + 1536..<last + 2048, .damagedBatch,  nil),
        Row("one slot",                  "hard-state", 0..<4096,                .oneSlotLost,     .oneSlotLost),
        Row("both slots",                "hard-state", 0..<8192,                .hardStateLost,   .hardStateLost),
        Row("the newest snapshot",       newest,       0..<9,                   .snapshotDamaged, .snapshotDamaged),
    ]

    @Test(arguments: rows) func itIsJudgedLikeWhatIsDamaged(_ row: Row) throws {
        let files = try LogImage.whole().files
        let disk = UnreadableDirectory(CrashDirectory(files: files), lost: [row.file: row.lost])
        do throws(LogStorageError) {
            let (_, log) = try LogStorage.open(in: disk, identity: ownIdentity, options: tiny())
            #expect(log.repairs.map(\.finding) == [row.opening])
        } catch {
            guard case .refused(let refusal) = error else { throw error }
            #expect(refusal.finding == row.opening && refusal.file == row.file, "\(refusal)")
        }
    }

    @Test(arguments: rows) func aScrubFindsItAndGoesOn(_ row: Row) throws {
        let files = try LogImage.whole().files
        let (storage, _) = try CrashTests.open(CrashDirectory(files: files))
        let disk = UnreadableDirectory(CrashDirectory(files: files), lost: [row.file: row.lost])
        disk.errno = row.file == Self.one ? .badMessage : .ioError
        var scrub = LogScrub(in: disk, identity: ownIdentity, tail: storage.written)
        var (turns, found): ([String?], [RecoveryFinding]) = ([], [])
        for _ in 0..<5 {
            let turn = try scrub.turn { _ in }
            turns.append(turn.file)
            found = turn.damage.map(\.finding)
        }
        #expect(Set(turns).count == 5, "each file had its turn: \(turns)")
        #expect(found == (row.scrub.map { [$0] } ?? []))
    }

    /// Nothing is known of a disk that reads nothing: it is no reason to give a store up.
    @Test func aDeadDiskIsNotRot() throws {
        let files = try LogImage.whole().files
        let (storage, _) = try CrashTests.open(CrashDirectory(files: files))
        let disk = UnreadableDirectory(CrashDirectory(files: files))
        for name in files.keys { disk.lost[name] = 0..<1 << 20 }
        var scrub = LogScrub(in: disk, identity: ownIdentity, tail: storage.written)
        for body in [
            { _ = try LogStorage.open(in: disk, identity: ownIdentity, options: tiny()) },
            { _ = try scrub.turn { _ in } },
        ] {
            do {
                try body()
                Issue.record("read from a dead disk")
            } catch {
                guard case LogStorageError.deadDisk = error else { throw error }
                #expect("\(error)".contains("reads nothing"))
            }
        }
        disk.lost = [:]
        #expect(try scrub.turn { _ in }.damage.isEmpty, "it goes on where it was")
    }

    /// Of another error than the medium's nothing follows for what it holds.
    @Test func anotherErrorIsNoFinding() throws {
        let files = try LogImage.whole().files
        let disk = UnreadableDirectory(CrashDirectory(files: files), lost: [Self.one: 0..<512])
        disk.errno = .tooManyOpenFiles
        let failure = IOFailure(operation: "read", file: Self.one, errno: .tooManyOpenFiles)
        #expect(throws: LogStorageError.io(failure)) {
            try LogStorage.open(in: disk, identity: ownIdentity, options: tiny())
        }
    }
}
