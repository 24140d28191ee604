// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Primitives
import RaftCore
import SimulationKit

/// One node's disk: the production log over a directory that can lose power.
///
/// Work is done when it is asked for, or waits while the disk is held.
struct ScenarioDisk {
    enum Job {
        case write(LogWrite)
        /// The state machine's own snapshot.
        case snapshot(SnapshotMetadata, [UInt8])
        /// A leader's snapshot, which replaces everything.
        case installation(SnapshotMetadata, [UInt8])
    }

    let identity: LogIdentity
    private(set) var directory = CrashDirectory()
    private(set) var storage: LogStorage?
    var isHeld = false
    private(set) var waiting: [Job] = []

    /// An empty log, but for `first`.
    init(_ identity: LogIdentity, first: LogWrite?) throws(LogStorageError) {
        self.identity = identity
        try LogStorage.create(in: directory, identity: identity, options: Self.options)
        guard let first else { return }
        let (storage, _) = try LogStorage.open(
            in: directory,
            identity: identity,
            options: Self.options
        )
        try storage.write([first])
    }

    /// Small segments, so that a few entries fill one.
    private static var options: LogStorage.Options {
        var options = LogStorage.Options()
        options.segmentByteCount = 4_096
        return options
    }

    mutating func open() throws(LogStorageError) -> RecoveredLog {
        let (storage, recovered) = try LogStorage.open(
            in: directory,
            identity: identity,
            options: Self.options
        )
        self.storage = storage
        return recovered
    }

    mutating func ask(_ job: Job) { waiting.append(job) }

    /// Takes the oldest job that waits and does it.
    mutating func finishNext() throws(LogStorageError) -> Job? {
        guard let storage, !waiting.isEmpty else { return nil }
        let job = waiting.removeFirst()
        switch job {
        case .write(let write): try storage.write([write])
        case .snapshot(let metadata, let state), .installation(let metadata, let state):
            try storage.saveSnapshot(metadata, state: state)
            try storage.compact(upTo: metadata.position.index)
        }
        return job
    }

    func readSnapshot(
        _ offset: UInt64,
        _ byteCount: Int
    ) throws(LogStorageError) -> (SnapshotMetadata, [UInt8])? {
        guard let storage, let newest = storage.newestSnapshot else { return nil }
        let left = newest.byteCount - min(offset, newest.byteCount)
        let count = min(byteCount, Int(clamping: left))
        return (newest, try storage.readSnapshot(newest, offset: offset, byteCount: count))
    }

    // MARK: - Faults

    /// What a loss of power leaves: of the work that waits, the oldest is cut off after `operationCount`
    /// operations, and what was not synced is there or not as `seed` says.
    mutating func losePower(operationCount: Int, seed: UInt64) {
        if storage != nil, let job = waiting.first, case .write(let write) = job {
            directory.crashAt = directory.operationCount + operationCount
            try? storage?.write([write])
        }
        var random = SplitMix64(seed: seed)
        directory = directory.image(using: &random)
        forget()
    }

    /// The process ends; all it wrote is there.
    mutating func forget() {
        storage = nil
        waiting = []
    }

    /// From now on every sync fails.
    func failSyncs() { directory.syncFailsFrom = directory.operationCount }

    /// Flips one bit of what every file whose name contains `part` holds, at `offset` bytes.
    ///
    /// - Returns: How many files were changed.
    mutating func rot(filesContaining part: String, at offset: Int) -> Int {
        var files = directory.files
        var count = 0
        for name in files.keys.sorted() where name.contains(part) {
            guard var content = files[name], offset < content.count else { continue }
            content[offset] ^= 0x10
            files[name] = content
            count += 1
        }
        directory = CrashDirectory(files: files)
        return count
    }

    /// Removes every file whose name contains `part`.
    mutating func lose(filesContaining part: String) -> Int {
        let files = directory.files
        let kept = files.filter { !$0.key.contains(part) }
        directory = CrashDirectory(files: kept)
        return files.count - kept.count
    }

    /// Takes the files of another disk.
    mutating func copyFiles(of other: Self) {
        directory = CrashDirectory(files: other.directory.files)
    }
}
