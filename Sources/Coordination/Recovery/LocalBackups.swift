// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import LogStorage
import Primitives
import SystemIO
package import SystemPackage

/// The newest copies of the catalog in a worker's data directory, for the day when no voter is left.
///
///     <data-dir>/backups/catalog-<generation>-<revision>-<milliseconds since 1970>
///
/// Numbers in 16 hex digits, so that names sort as the copies do. Each is a whole ``CatalogBackup``.
package struct LocalBackups: Sendable {
    package static let count = 3
    private static let prefix = "catalog-"

    private let path: FilePath

    /// The copies in a worker's data directory; it may have none yet.
    package init(in directory: FilePath) {
        path = directory.appending(DataDirectory.backupsName)
    }

    /// Names of the copies, newest last.
    package var names: [String] {
        let found = (try? Directory.names(in: path)) ?? []
        return found.filter { Self.parts($0) != nil }.sorted()
    }

    /// Whether the newest copy is of this revision.
    func hold(_ cluster: ClusterEntry, _ revision: Revision) -> Bool {
        guard let newest = names.last.flatMap(Self.parts) else { return false }
        return newest.generation == cluster.generation && newest.revision == revision.rawValue
    }

    /// When the next copy may be made, by the monotonic clock: as long after the newest one as the wall
    /// clock says, at most one interval.
    func dueMS(everyMS interval: UInt64, wallMS: UInt64, now: UInt64) -> UInt64 {
        guard let newest = names.last.flatMap(Self.parts) else { return now }
        let age = wallMS >= newest.takenAtMS ? wallMS - newest.takenAtMS : 0
        return now + interval - min(interval, age)
    }

    /// Whether the disk has room for what the log does not need.
    var hasRoom: Bool {
        let directory = path.removingLastComponent()
        guard let space = try? FileSystemSpace(of: directory) else { return false }
        return DiskLevel.ample.next(total: space.total, available: space.available) == .ample
    }

    /// Writes one more, durably, and removes the oldest beyond ``count``.
    func add(_ backup: CatalogBackup) throws(Errno) {
        try Directory.createDurably(path)
        let numbers = [
            backup.cluster.generation, backup.catalog.revision.rawValue, backup.takenAtUnixMS,
        ]
        let name = Self.prefix + numbers.map(hexText).joined(separator: "-")
        try ReplacedFile(path.appending(name)).write(backup.encode())
        let found = try Directory.names(in: path)
        let drafts = found.filter { $0.hasPrefix(Self.prefix) && $0.hasSuffix(".new") }  // Cut off.
        let old = names.dropLast(Self.count) + drafts
        for name in old { try Directory.unlink(path.appending(name)) }
        if !old.isEmpty { try Directory.sync(path) }
    }

    private static func parts(
        _ name: String
    ) -> (generation: UInt64, revision: UInt64, takenAtMS: UInt64)? {
        let numbers = name.dropFirst(prefix.count).split(separator: "-")
            .compactMap { $0.count == 16 ? UInt64($0, radix: 16) : nil }
        guard name.hasPrefix(prefix), numbers.count == 3 else { return nil }
        return (numbers[0], numbers[1], numbers[2])
    }
}
