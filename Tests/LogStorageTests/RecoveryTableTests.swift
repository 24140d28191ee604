// SPDX-License-Identifier: Apache-2.0
import LogStorage
import Primitives
import RaftCore
import SimulationKit
import Testing

/// Every row of the decision table, provoked in the files of a real log.
@Suite struct RecoveryTableTests {
    struct Row: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let finding: RecoveryFinding
        /// First and last entry behind the snapshot afterwards; `nil` where the log is refused.
        let entries: ClosedRange<UInt64>?
        let damage: @Sendable (inout LogImage) throws -> Void

        init(
            _ name: String,
            _ finding: RecoveryFinding,
            _ entries: ClosedRange<UInt64>?,
            _ damage: @escaping @Sendable (inout LogImage) throws -> Void
        ) {
            testDescription = name
            self.finding = finding
            self.entries = entries
            self.damage = damage
        }
    }

    static let last = LogImage.lastBatch
    static let (one, two, three) = (LogImage.segment(1), LogImage.segment(2), LogImage.segment(3))
    static let newest = LogImage.snapshot(14, 1)
    static let older = LogImage.snapshot(6, 1)

    // swift-format-ignore
    static let rows: [Row] = [
        Row("last batch's first sector missing",  .tornStart,  15...20) { $0.zero(three, last..<last + 512) },
        Row("last batch's second sector missing", .tornMiddle, 15...20) { $0.zero(three, last + 512..<last + 1024) },
        Row("last batch's last sector missing",   .tornMiddle, 15...20) { $0.zero(three, last + 1024..<last + 1536) },
        Row("only the last sector arrived",       .tornStart,  15...20) { $0.zero(three, last..<last + 1024) },
        Row("last batch missing altogether is a log that ends", .leftover, 15...20) {
            $0.zero(three, last..<last + 1536)
            $0.files["x.tmp"] = []
        },
        Row("start of the batch before missing",  .laterBatch, nil) { $0.zero(three, 512..<1024) },
        Row("middle of the batch before missing", .laterBatch, nil) { $0.zero(three, 1024..<1536) },
        Row("whole batch before missing",         .laterBatch, nil) { $0.zero(three, 512..<2048) },
        Row("bit in the last batch's front",      .damagedBatch, nil) { $0.flip(three, last + 9) },
        Row("bit in the last batch's payload",    .damagedBatch, nil) { $0.flip(three, last + 900) },
        Row("bit in a sector's mark",             .damagedBatch, nil) { $0.flip(three, last + 511) },
        Row("bit behind the log's end",           .damagedBatch, nil) { $0.flip(three, last + 1536) },
        Row("sector missing in a full segment",   .unfinishedSegment, nil) { $0.zero(two, 2048..<2560) },
        Row("sector missing in the first one",    .unfinishedSegment, nil) { $0.zero(one, 1024..<1536) },
        Row("bit in a full segment",              .damagedSegment, nil) { $0.flip(two, 700) },
        Row("batch missing at a segment's end",   .brokenLink, nil) { $0.zero(two, last..<last + 1536) },
        Row("bit in a header",                    .damagedHeader, nil) { $0.flip(two, 60) },
        Row("header never written",               .damagedHeader, nil) { $0.zero(three, 0..<512) },
        Row("segment cut",                        .wrongLength, nil) { $0.files[two]?.removeLast(512) },
        Row("segment empty",                      .damagedHeader, nil) { $0.files[two] = [] },
        Row("segment extended",                   .wrongLength, nil) { $0.files[three]? += [0] },
        Row("copy under a later name",            .misnamed, nil) { $0.files[LogImage.segment(4)] = $0.files[three] },
        Row("snapshot under another name",        .misnamed, nil) {
            $0.files[LogImage.snapshot(15, 1)] = $0.files.removeValue(forKey: newest)
        },
        Row("segment missing",                    .numberGap, nil) { $0.files[two] = nil },
        Row("newest segment missing",             .vanishedTail, nil) { $0.files[three] = nil },
        Row("all segments missing",               .vanishedTail, nil) { for name in [one, two, three] { $0.files[name] = nil } },
        Row("draft of a segment",                 .leftover, 15...24) { $0.files[LogImage.segment(4) + ".tmp"] = [1] },
        Row("another cluster's", .foreignCluster, nil) {
            $0.identity = LogIdentity(cluster: ClusterID(UniqueID(high: 9, low: 9)), store: ownIdentity.store, node: ownIdentity.node)
        },
        Row("another store's", .foreignStore, nil) {
            $0.identity = LogIdentity(cluster: ownIdentity.cluster, store: StoreID(UniqueID(high: 9, low: 9)), node: ownIdentity.node)
        },
        Row("another node's", .foreignNode, nil) {
            $0.identity = LogIdentity(cluster: ownIdentity.cluster, store: ownIdentity.store, node: NodeID(9))
        },
        Row("newer segment",                      .newerFormat, nil) { $0.setFormat(2, three, block: 0..<512) },
        Row("newer hard state",                   .newerFormat, nil) { $0.setFormat(2, "hard-state", block: 0..<4096) },
        Row("newer snapshot",                     .newerFormat, nil) { $0.setFormat(2, newest, block: 0..<512) },
        Row("entry's index jumps",                .indexGap, nil) { $0.forgeLastEntry { $0[8] += 1 } },
        Row("entry's index repeats",              .indexGap, nil) { $0.forgeLastEntry { $0[8] -= 1 } },
        Row("entry of a term before the last",    .termConflict, nil) { $0.forgeLastEntry { $0[16] = 0 } },
        Row("entry of a term never entered",      .termConflict, nil) { $0.forgeLastEntry { $0[16] = 2 } },
        Row("first slot lost",                    .oneSlotLost, 15...24) { $0.flip("hard-state", 40) },
        Row("second slot lost",                   .oneSlotLost, 15...24) { $0.flip("hard-state", 4096 + 40) },
        Row("half of the hard state's file gone", .oneSlotLost, 15...24) { $0.files["hard-state"]?.removeLast(4096) },
        Row("both slots lost",                    .hardStateLost, nil) { $0.zero("hard-state", 0..<8192) },
        Row("hard state's file missing",          .hardStateLost, nil) { $0.files["hard-state"] = nil },
        Row("another vote in the same term",      .hardStateConflict, nil) {
            let votes = (0..<3).map { _ in write(term: 1, vote: 6) }
            $0.files["hard-state"] = try LogImage.make(votes).files["hard-state"]
        },
        Row("newest snapshot damaged",            .snapshotDamaged, 7...24) { $0.flip(newest, 900) },
        Row("newest snapshot's header damaged",   .snapshotDamaged, 7...24) { $0.flip(newest, 100) },
        Row("newest snapshot cut",                .snapshotDamaged, 7...24) { $0.files[newest]?.removeLast() },
        Row("newest snapshot empty",              .snapshotDamaged, 7...24) { $0.files[newest] = [] },
        Row("both snapshots damaged",             .snapshotLost, nil) { $0.flip(newest, 900); $0.flip(older, 900) },
        Row("all snapshots of a shortened log missing", .snapshotLost, nil) {
            $0 = try LogImage.make(LogImage.batches + [.snapshot(position(14, 1), byteCount: 9), .compact(LogIndex(14))])
            $0.files[newest] = nil
        },
        Row("leader's snapshot ahead of the log", .staleLog, nil) {
            let other = try LogImage.make([write(term: 9), .snapshot(position(50, 3), byteCount: 30)])
            let name = LogImage.snapshot(50, 3)
            $0.files[name] = other.files[name]
        },
        Row("leader's snapshot against the log",  .staleLog, nil) {
            let other = try LogImage.make([write(term: 9), .snapshot(position(20, 3), byteCount: 30)])
            let name = LogImage.snapshot(20, 3)
            $0.files[name] = other.files[name]
        },
    ]

    @Test(arguments: rows) func row(_ row: Row) throws {
        var image = try LogImage.whole()
        try row.damage(&image)
        let verdict = RecoveryRule.rule(for: row.finding).verdict
        guard verdict != .refuse, verdict != .rebuild else {
            try Self.expectRefusal(image, row.finding)
            return
        }
        let log = try image.open()
        #expect(log.repairs.map(\.finding).contains(row.finding))
        #expect(log.hardState == HardState(term: Term(1), vote: NodeID(5)))
        let expected = row.entries.map { $0.map { entry($0, 1, byteCount: 300) } } ?? []
        #expect(log.entries == expected)
    }

    @Test func theWholeLogOpensWithoutAnyFinding() throws {
        let log = try LogImage.whole().open()
        #expect(log.repairs.isEmpty)
        #expect(log.entries == (15...24).map { entry($0, 1, byteCount: 300) })
        #expect(log.snapshot?.state == snapshotState(position(14, 1), byteCount: 700).1)
    }

    @Test func everyFindingHasARowAndACase() {
        #expect(RecoveryRule.table.map(\.finding) == RecoveryFinding.allCases)
        #expect(Set(Self.rows.map(\.finding)) == Set(RecoveryFinding.allCases))
        for rule in RecoveryRule.table {
            let isRefused = rule.verdict == .refuse || rule.verdict == .rebuild
            #expect(!rule.reason.isEmpty && rule.nextStep.isEmpty != isRefused, "\(rule.finding)")
        }
    }

    private static func expectRefusal(_ image: LogImage, _ finding: RecoveryFinding) throws {
        let directory = CrashDirectory(files: image.files)
        do throws(LogStorageError) {
            _ = try LogStorage.open(in: directory, identity: image.identity, options: tiny())
            Issue.record("opened in spite of \(finding)")
        } catch {
            guard case .refused(let refusal) = error else { throw error }
            #expect(refusal.finding == finding, "\(error)")
            #expect("\(error)".contains(RecoveryRule.rule(for: finding).reason))
        }
        #expect(directory.operationCount == 0, "a refusal changes nothing")
    }
}
