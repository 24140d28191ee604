// SPDX-License-Identifier: Apache-2.0
import Primitives
package import RaftCore

/// What the files of a log say, read as a start reads them, and left as they are.
///
/// Goes on reading where it stopped, so that whoever looks after every write pays for that write
/// and not for the whole log.
package struct LogReading {
    private var recovery: LogRecovery
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
        recovery = try LogRecovery(directory: directory, identity: identity, options: options)
        tailEnd = recovery.tail?.bytes.count ?? 0
    }

    /// Reads what was added since.
    ///
    /// For a log of which nothing has changed but the hard state's file and, from ``tailEnd`` on, the
    /// last segment. It has the same names, that is: no segment was begun and no snapshot saved.
    /// - Throws: As a start does; what was read before is then of no use.
    package mutating func readOn() throws(LogStorageError) {
        try recovery.readOn(from: &tailEnd)
    }

    /// Name of the last segment's file.
    package var tailName: String {
        recovery.tail.map { SegmentHeader.name($0.header.number) } ?? ""
    }

    /// Name of the file with term and vote.
    package static var hardStateName: String { HardStateSlots.name }

    package var hardState: HardState { recovery.hardState }

    /// The newest readable snapshot.
    package var snapshot: SnapshotMetadata? { recovery.snapshots.last }

    /// All entries behind the snapshot, oldest first, without gaps.
    package var entries: [LogEntry] { recovery.entries }

    /// Whether the entry, or a snapshot that covers it, is here; O(1).
    package func holds(_ position: LogPosition) -> Bool {
        if let snapshot, snapshot.position.index >= position.index { return true }
        guard let first = recovery.entries.first, position.index >= first.index else {
            return false
        }
        let offset = position.index.rawValue - first.index.rawValue
        return offset < recovery.entries.count
            && recovery.entries[Int(offset)].term == position.term
    }
}
