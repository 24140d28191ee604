// SPDX-License-Identifier: Apache-2.0
import Glibc
import Primitives

/// One thing in a directory that a listing shows.
struct DirectoryItem: Sendable {
    /// The name, with a trailing `/` for directories: the order of S3's keys and prefixes.
    let sortKey: ByteString
    /// `nil` for directories.
    let object: OriginObject?

    var isDirectory: Bool { object == nil }
}

/// Which names of a directory a listing wants.
struct DirectoryFilter: Sendable {
    /// What names begin with.
    var prefix = ByteString()
    /// Sort keys must be greater; `nil`: all.
    var after: ByteString?
    /// `true`: the directory that `after` points into counts as not yet listed.
    var keepsOpenDirectory = false

    func admits(_ sortKey: ByteString) -> Bool {
        guard sortKey.hasPrefix(prefix) else { return false }
        guard let after else { return true }
        return sortKey > after
            || (keepsOpenDirectory && sortKey.hasSuffix("/") && after.hasPrefix(sortKey))
    }
}

/// Reads one directory and keeps the first names in bytewise order.
///
/// `readdir` has no order, so each page reads the whole directory; memory is that of `limit` names,
/// whatever the directory holds.
struct DirectoryScan {
    /// The directory's own key: empty, or ending with `/`.
    let key: ByteString
    let filter: DirectoryFilter
    let limit: Int

    /// What one pass over the directory gave.
    struct Chunk: Sendable {
        /// At most `limit`, ascending.
        var items: [DirectoryItem] = []
        /// The last name that was looked at, if there may be more behind it.
        var last: ByteString?
        /// Whether there is such a directory.
        var directoryExists = false
    }

    func chunk(in root: borrowing DirectoryTree.Root) throws(OriginError) -> Chunk {
        let directory: DirectoryFile
        do {
            let path = ByteString(key.bytes.dropLast())
            directory = try DirectoryTree.resolve(path, in: root)
                .reopened(flags: O_RDONLY | O_DIRECTORY)
        } catch .notFound {
            return Chunk()  // No such prefix: an empty listing, as of a bucket.
        } catch {
            throw error
        }

        var names = SmallestNames(limit: limit)
        var stream = try DirectoryStream(directory)
        while let (name, type) = try stream.next() {
            guard let kind = try kind(name, type, of: directory, in: root) else { continue }
            let sortKey = kind == .directory ? name + "/" : name
            if filter.admits(sortKey) { names.insert(sortKey) }
        }

        let ascending = names.ascending
        var chunk = Chunk(
            last: ascending.count == limit ? ascending.last : nil,
            directoryExists: true
        )
        for sortKey in ascending {
            if let item = try item(sortKey, of: directory, in: root) { chunk.items.append(item) }
        }
        return chunk
    }

    // MARK: - Kinds

    private enum Kind { case file, directory }

    /// What an entry is, links followed; `nil` for what is not listed.
    private func kind(
        _ name: ByteString,
        _ type: UInt8,
        of directory: borrowing DirectoryFile,
        in root: borrowing DirectoryTree.Root
    ) throws(OriginError) -> Kind? {
        switch Int(type) {
        case Int(DT_REG): return .file
        case Int(DT_DIR): return .directory
        case Int(DT_LNK), Int(DT_UNKNOWN):
            // Most of a large directory is not on this page: look before resolving.
            guard filter.admits(name) || filter.admits(name + "/"),
                let status = try status(name, of: directory, in: root)
            else { return nil }
            if status.isRegularFile { return .file }
            guard status.isDirectory, try !leadsBack(status, in: root) else { return nil }
            return .directory
        default: return nil
        }
    }

    /// A link to one of the directories it lies in would make the tree endless.
    private func leadsBack(
        _ status: stat,
        in root: borrowing DirectoryTree.Root
    ) throws(OriginError) -> Bool {
        for end in [0] + key.bytes.indices.filter({ key.bytes[$0] == UInt8(ascii: "/") }) {
            let ancestor = ByteString(key.bytes[..<end])
            let other = try DirectoryTree.resolve(ancestor, in: root).status()
            if other.st_ino == status.st_ino, other.st_dev == status.st_dev { return true }
        }
        return false
    }

    private func item(
        _ sortKey: ByteString,
        of directory: borrowing DirectoryFile,
        in root: borrowing DirectoryTree.Root
    ) throws(OriginError) -> DirectoryItem? {
        if sortKey.hasSuffix("/") { return DirectoryItem(sortKey: sortKey, object: nil) }
        guard let status = try status(sortKey, of: directory, in: root), status.isRegularFile else {
            return nil
        }
        return DirectoryItem(sortKey: sortKey, object: status.object(key: key + sortKey))
    }

    /// Links followed; `nil` for what is gone, leads outside or may not be looked at.
    private func status(
        _ name: ByteString,
        of directory: borrowing DirectoryFile,
        in root: borrowing DirectoryTree.Root
    ) throws(OriginError) -> stat? {
        do {
            let status = try directory.status(of: name)
            return status.isSymbolicLink
                ? try DirectoryTree.resolve(key + name, in: root).status() : status
        } catch .notFound, .accessDenied {
            return nil
        } catch {
            throw error
        }
    }
}
