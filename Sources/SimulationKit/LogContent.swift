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

    /// Reads a directory that nobody uses, through the production recovery.
    init(in directory: CrashDirectory, identity: LogIdentity, options: LogStorage.Options) {
        do throws(LogStorageError) {
            take(try LogStorage.open(in: directory, identity: identity, options: options).1)
        } catch {
            refusal = error
        }
    }

    private mutating func take(_ recovered: RecoveredLog) {
        hardState = recovered.hardState
        snapshot = recovered.snapshot?.metadata
        entries = recovered.entries
    }

    /// Whether the entry, or a snapshot that covers it, is here.
    func holds(_ position: LogPosition) -> Bool {
        if let snapshot, snapshot.position.index >= position.index { return true }
        guard let first = entries.first, position.index >= first.index else { return false }
        let offset = position.index.rawValue - first.index.rawValue
        return offset < entries.count && entries[Int(offset)].term == position.term
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
}
