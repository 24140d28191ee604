// SPDX-License-Identifier: Apache-2.0
package import RaftCore
package import SystemPackage

/// A log that does not begin with nothing.
extension LogStorage {
    /// Makes a log whose first content is a state: that of a cluster that goes on from another one.
    ///
    /// May be repeated after a crash in an emptied directory; durable when it returns.
    /// `path` is an existing directory without a log; the log's term begins with the snapshot's.
    ///
    /// - Throws: as ``create(at:identity:options:)``, ``write(_:)`` and ``saveSnapshot(_:state:)``.
    package static func found(
        at path: FilePath,
        identity: LogIdentity,
        on snapshot: SnapshotMetadata,
        state: [UInt8],
        options: Options = Options()
    ) throws(LogStorageError) {
        try create(at: path, identity: identity, options: options)
        let (storage, _) = try open(at: path, identity: identity, options: options)
        let first = LogWrite(
            sequence: WriteSequence(1),
            hardState: HardState(term: snapshot.position.term, vote: nil),
            truncateFrom: nil,
            entries: []
        )
        try storage.write([first])  // Invariant 3: the term, then what is of it.
        try storage.saveSnapshot(snapshot, state: state)
    }

    /// Reads and checks a whole log as ``open(at:identity:options:)`` does, and changes nothing.
    ///
    /// - Throws: `missing`, `refused`, `io`.
    package static func read(
        at path: FilePath,
        identity: LogIdentity,
        options: Options = Options()
    ) throws(LogStorageError) -> RecoveredLog {
        RecoveredLog(
            try LogRecovery(
                directory: FileLogDirectory(path),
                identity: identity,
                options: options
            )
        )
    }
}

extension RecoveredLog {
    /// What was read, before any of it is put in order.
    init(_ recovery: LogRecovery) {
        let snapshot = recovery.snapshots.last.flatMap { metadata in
            recovery.state.map { RecoveredSnapshot(metadata: metadata, state: $0) }
        }
        self.init(
            hardState: recovery.hardState,
            snapshot: snapshot,
            entries: recovery.entries,
            repairs: recovery.notes
        )
    }
}
