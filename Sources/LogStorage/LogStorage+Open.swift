// SPDX-License-Identifier: Apache-2.0
import Primitives
package import RaftCore
package import SystemPackage

/// What a log held when it was opened.
package struct RecoveredLog: Sendable, Equatable {
    package let hardState: HardState
    /// The newest readable snapshot and its state.
    package let snapshot: RecoveredSnapshot?
    /// All entries behind the snapshot, oldest first, without gaps.
    package let entries: [LogEntry]
    /// What was repaired, for the log of events; nothing that was ever acknowledged.
    package let repairs: [RecoveryNote]

    package init(
        hardState: HardState,
        snapshot: RecoveredSnapshot?,
        entries: [LogEntry],
        repairs: [RecoveryNote]
    ) {
        self.hardState = hardState
        self.snapshot = snapshot
        self.entries = entries
        self.repairs = repairs
    }
}

/// A snapshot as it was read back, checked against its checksum.
package struct RecoveredSnapshot: Sendable, Equatable {
    package let metadata: SnapshotMetadata
    package let state: [UInt8]
}

/// One thing that opening found and put right.
package struct RecoveryNote: Sendable, Equatable {
    package let finding: RecoveryFinding
    package let file: String
    package let detail: String
}

extension LogStorage {
    /// Makes an empty log in an existing directory: term 0, no vote, no entries.
    ///
    /// May be repeated after a crash: until it has returned once, ``open(at:identity:options:)``
    /// says `missing`.
    /// - Throws: `alreadyExists` if there is a log, or anything that may be the rest of one; `io`.
    package static func create(
        at path: FilePath,
        identity: LogIdentity,
        options: Options = Options()
    ) throws(LogStorageError) {
        try create(in: FileLogDirectory(path), identity: identity, options: options)
    }

    /// Opens a log, after reading and checking all of it.
    ///
    /// The last segment is copied forward to a new file and synced before it is trusted: after an
    /// I/O error the page cache may show bytes that never reached the disk.
    /// - Returns: The log, ready to be written, and what it holds.
    /// - Throws: `missing`, `refused` (nothing has been changed then), `full`, `io`.
    package static func open(
        at path: FilePath,
        identity: LogIdentity,
        options: Options = Options()
    ) throws(LogStorageError) -> (LogStorage, RecoveredLog) {
        try open(in: FileLogDirectory(path), identity: identity, options: options)
    }

    /// Reads and checks a whole log as ``open(at:identity:options:)`` does, and changes nothing.
    ///
    /// - Returns: What opening would repair.
    /// - Throws: `missing`, `refused`, `io`.
    package static func examine(
        at path: FilePath,
        identity: LogIdentity,
        options: Options = Options()
    ) throws(LogStorageError) -> [RecoveryNote] {
        try LogRecovery(
            directory: FileLogDirectory(path),
            identity: identity,
            options: options
        ).notes
    }

    /// As ``create(at:identity:options:)``, in any directory.
    package static func create(
        in directory: any LogDirectory,
        identity: LogIdentity,
        options: Options = Options()
    ) throws(LogStorageError) {
        check(options)
        try requireUnused(directory, identity, options)
        do throws(IOFailure) {
            try place(identity, options, in: directory)
        } catch {
            throw .io(error)
        }
    }

    /// Hard state first and marked as without a segment, then the segment, then the mark: until the
    /// last step the log does not exist, and every step may be done again.
    private static func place(
        _ identity: LogIdentity,
        _ options: Options,
        in directory: any LogDirectory
    ) throws(IOFailure) {
        let none = HardStateSlots.Slot(version: 0, hardState: .initial, highestSegment: 0)
        var slots = try HardStateSlots(placing: none, identity, in: directory)
        let header = SegmentHeader(
            identity: identity,
            byteCount: options.segmentByteCount,
            number: 1,
            nextIndex: LogIndex(1),
            nextSequence: 1,
            chain: 0,
            hardState: .initial
        )
        let name = SegmentHeader.name(1)
        _ = try directory.place(name, header.encoded(), byteCount: header.byteCount)
        try slots.write(.initial, highestSegment: 1)
    }

    /// As ``open(at:identity:options:)``, in any directory.
    package static func open(
        in directory: any LogDirectory,
        identity: LogIdentity,
        options: Options = Options()
    ) throws(LogStorageError) -> (LogStorage, RecoveredLog) {
        check(options)
        let recovery = try LogRecovery(
            directory: directory,
            identity: identity,
            options: options
        )
        do throws(IOFailure) {
            let storage = try LogStorage(puttingInOrder: recovery)
            return (storage, RecoveredLog(recovery))
        } catch {
            throw error.isDiskFull ? .full(error) : .io(error)
        }
    }

    /// Performs what the verdicts say, in an order that may be cut off anywhere and done again.
    private convenience init(puttingInOrder recovery: LogRecovery) throws(IOFailure) {
        guard let (header, end) = recovery.tail else {
            preconditionFailure("recovery accepted a log without segments")
        }
        let directory = recovery.directory
        for note in recovery.notes where note.finding == .leftover {
            try directory.discard(note.file)
        }
        let file = try directory.place(
            SegmentHeader.name(header.number),
            recovery.tailBytes,
            byteCount: header.byteCount
        )
        // A new file too: after a failed sync a slot may be whole in the page cache alone, and a tear
        // in the other one would then leave none.
        let first = HardStateSlots.Slot(
            version: recovery.slot.version,
            hardState: recovery.hardState,
            highestSegment: header.number
        )
        self.init(
            recovery,
            slots: try HardStateSlots(placing: first, recovery.identity, in: directory),
            tail: Tail(file: file, header: header, end: end)
        )
        if let newest = newestSnapshot?.position, !window.continues(newest) {
            try append([.reset(newest)])
        }
    }

    // MARK: - Parts

    private static func check(_ options: Options) {
        let byteCount = options.segmentByteCount
        precondition(
            byteCount % Sector.byteCount == 0 && byteCount >= 3 * Sector.byteCount
                && byteCount <= 1 << 30,
            "a segment of \(byteCount) bytes"
        )
    }

    /// Lets an interrupted creation be repeated, and nothing else be overwritten.
    private static func requireUnused(
        _ directory: any LogDirectory,
        _ identity: LogIdentity,
        _ options: Options
    ) throws(LogStorageError) {
        do throws(LogStorageError) {
            _ = try LogRecovery(directory: directory, identity: identity, options: options)
        } catch {
            switch error {
            case .missing: return
            case .refused(let refusal): throw .alreadyExists(file: refusal.file)
            default: throw error
            }
        }
        throw .alreadyExists(file: HardStateSlots.name)
    }
}
