// SPDX-License-Identifier: Apache-2.0

import APIModel
import CatalogCore
import Primitives
import SystemIO
import SystemPackage

/// A backup's file, written whole or not at all.
struct BackupFile {
    private let path: FilePath

    init(_ path: String) { self.path = FilePath(path) }

    /// Written beside, synced, renamed: who finds the name after a crash finds all of it.
    func write(_ bytes: [UInt8]) throws(Errno) {
        let draft = FilePath(path.string + ".new")
        do throws(Errno) {
            let file = try File(draft, .updateOrCreate)
            try file.truncate(to: 0)
            try file.write(bytes, at: 0)
            try file.sync()
            try Directory.rename(draft, to: path)
        } catch {
            try? Directory.unlink(draft)
            throw error
        }
        let parent = path.removingLastComponent()
        try Directory.sync(parent.isEmpty ? "." : parent)
    }

    /// - Returns: `nil` for a file that is longer than any backup.
    func read() throws(Errno) -> [UInt8]? {
        let file = try File(path, .read)
        let count = try file.status().byteCount
        guard count <= CatalogBackup.longestFile else { return nil }
        return try file.read(at: 0, count: count)
    }
}

/// What a backup holds, as it is printed.
struct BackupFacts: Encodable, Sendable {
    let file: String
    let bytes: Int
    let cluster: String
    let generation: UInt64
    let revision: UInt64
    let index: UInt64
    /// 16 hex digits.
    let digest: String
    let mounts: Int
    let workers: Int
    let takenBy: String
    let takenAt: String
    /// Upper bound on how long ago it was known to be complete, when it was taken.
    let stalenessMs: UInt64?

    init(_ backup: CatalogBackup, file: String, byteCount: Int, ageMS: UInt64? = nil) {
        self.file = file
        bytes = byteCount
        cluster = "\(backup.cluster.id)"
        generation = backup.cluster.generation
        revision = backup.catalog.revision.rawValue
        index = backup.index.rawValue
        digest = hexText(backup.catalog.stateDigest)
        mounts = backup.catalog.mountCount
        workers = backup.catalog.workers.count
        takenBy = backup.worker
        takenAt = "\(Timestamp(unixMilliseconds: backup.takenAtUnixMS))"
        stalenessMs = ageMS
    }

    /// What it holds, in words.
    var content: String {
        "cluster \(cluster), generation \(generation), revision \(revision): \(mounts) mounts, "
            + "\(workers) workers; digest \(digest), taken by \(takenBy) at \(takenAt)"
    }

    var sentence: String { "\(file) holds \(content)" }
}
