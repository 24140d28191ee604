// SPDX-License-Identifier: Apache-2.0
import Primitives
package import RaftCore

/// What the files of a log say, read as a start reads them, and left as they are.
///
/// Goes on reading where it stopped, so that whoever looks after every write pays for that write
/// and not for the whole log. A class, so that neither a look nor a question copies it.
package final class LogReading {
    /// What changed since all was read, or was read on last.
    package struct Growth: Sendable {
        /// Whether the hard state's file was written.
        package var hasHardState = false
        /// Up to where the last segment was written, in bytes; `nil` if it was not.
        package var tailEnd: Int?

        package init() {}
    }

    private var recovery: LogRecovery
    /// Batches in the log when all of it was read: how much work that was.
    package var wholeBatchCount: Int { recovery.batchCount }

    /// Where the last good batch of the last segment ends, in bytes.
    package private(set) var tailEnd: Int

    /// Reads all of a log.
    ///
    /// - Throws: `missing`, `refused`, `io`, as ``LogStorage/open(in:identity:options:)``.
    package init(
        in directory: any LogDirectory,
        identity: LogIdentity,
        options: LogStorage.Options = .init()
    ) throws(LogStorageError) {
        recovery = try LogRecovery(
            directory: directory,
            identity: identity,
            options: options,
            shelf: SegmentShelf()
        )
        tailEnd = recovery.tail?.end ?? 0
        tailName = recovery.tail?.header.name ?? ""
    }

    /// Reads what was added since.
    ///
    /// For a log of which nothing else has changed, and of the last segment nothing before
    /// ``tailEnd``. It has the same names, that is: no segment was begun and no snapshot saved.
    /// - Throws: As a start does; what was read before is then of no use.
    package func readOn(_ growth: Growth) throws(LogStorageError) {
        if growth.hasHardState { try recovery.readSlotsAgain() }
        if let end = growth.tailEnd {
            try recovery.readTail(tailName, from: &tailEnd, upTo: end)
        }
    }

    /// Reads all again, but scans no segment that was scanned before and is not in `changed`.
    ///
    /// For a log of which names have changed: a segment was begun or dropped, a snapshot saved.
    /// - Parameter changed: Files that may read otherwise than when they were read last.
    /// - Throws: As a start does; what was read before is then of no use.
    package func readAgain(changed: [String]) throws(LogStorageError) {
        let numbers = changed.compactMap(SegmentHeader.number(in:))
        if numbers.isEmpty, try recovery.readSnapshotsAgain() { return }
        for number in numbers { recovery.shelf?.forget(number) }
        recovery = try LogRecovery(
            directory: recovery.directory,
            identity: recovery.identity,
            options: recovery.options,
            shelf: recovery.shelf
        )
        tailEnd = recovery.tail?.end ?? 0
        tailName = recovery.tail?.header.name ?? ""
    }

    /// Where the last good batch of the last segment starts, in bytes.
    package var lastBatchStart: Int { recovery.lastBatchStart }

    /// Name of the last segment's file.
    package private(set) var tailName: String

    /// Name of the file with term and vote.
    package static var hardStateName: String { HardStateSlots.name }

    package var hardState: HardState { recovery.hardState }

    /// The newest readable snapshot.
    package var snapshot: SnapshotMetadata? { recovery.snapshots.last }

    /// All entries behind the snapshot, oldest first, without gaps.
    package var entries: [LogEntry] { recovery.entries }

    /// Whether the entry, or a snapshot that covers it, is here; O(1).
    package func holds(_ position: LogPosition) -> Bool {
        if let newest = recovery.snapshots.indices.last,
            recovery.snapshots[newest].position.index >= position.index
        {
            return true
        }
        let entries = recovery.entries
        guard !entries.isEmpty, position.index >= entries[0].index else { return false }
        let offset = position.index.rawValue - entries[0].index.rawValue
        return offset < entries.count && entries[Int(offset)].term == position.term
    }
}
