// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Primitives
import RaftCore

/// What a log holds, as plain values.
struct LogContent: Sendable, Equatable {
    private(set) var hardState = HardState.initial
    private(set) var snapshot: SnapshotMetadata?
    /// Behind the snapshot, oldest first, without gaps.
    private(set) var entries: [LogEntry] = []
    /// Why nothing could be read.
    private(set) var refusal: LogStorageError?

    init(_ recovered: RecoveredLog) { take(recovered) }

    init(_ reading: LogReading) {
        hardState = reading.hardState
        snapshot = reading.snapshot
        entries = reading.entries
    }

    init(refusal: LogStorageError) { self.refusal = refusal }

    private mutating func take(_ recovered: RecoveredLog) {
        hardState = recovered.hardState
        snapshot = recovered.snapshot?.metadata
        entries = recovered.entries
    }

    /// What is here, in one line.
    var summary: String {
        if let refusal { return "nothing: \(refusal)" }
        let first = entries.first.map { "\($0.position)" } ?? "nothing"
        let last = entries.last.map { "\($0.position)" } ?? "nothing"
        let end = snapshot.map { "\($0.position)" } ?? "none"
        return "\(hardState), log from \(first) to \(last), snapshot \(end)"
    }

    // MARK: - The steps of a job, each of which may be the last

    mutating func take(_ state: HardState) { hardState = state }

    mutating func truncate(from index: LogIndex) {
        entries.removeLast(entries.reversed().prefix { $0.index >= index }.count)
    }

    mutating func append(_ entry: LogEntry) { entries.append(entry) }

    mutating func replaceBeginning(with metadata: SnapshotMetadata) {
        let isHeld = entries.contains { $0.position == metadata.position }
        entries = isHeld ? entries.filter { $0.index > metadata.position.index } : []
        snapshot = metadata
    }

    /// Whether all but term and vote is equal.
    func hasSameLog(as other: LogContent) -> Bool {
        snapshot == other.snapshot && entries == other.entries && refusal == other.refusal
    }

    /// Whether this starts at an older snapshot than `other`, and is equal from the newer one on.
    func goesBackFurther(than other: LogContent) -> Bool {
        guard refusal == nil, let newer = other.snapshot else { return false }
        let start = snapshot?.position.index ?? .zero
        return start < newer.position.index
            && entries.contains { $0.position == newer.position }
            && entries.filter { $0.index > newer.position.index } == other.entries
    }
}
