// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// Cluster paths as FUSE needs them: joined here and nowhere else.
package enum TreePath {
    /// Longest name that POSIX shows, in bytes (`NAME_MAX`).
    package static let longestName = 255

    /// The path of `name` in `directory`.
    package static func child(of directory: ByteString, name: ByteString) -> ByteString {
        var bytes = directory.bytes
        bytes.reserveCapacity(bytes.count + 1 + name.count)
        if bytes.last != UInt8(ascii: "/") { bytes.append(UInt8(ascii: "/")) }
        bytes += name.bytes
        return ByteString(bytes)
    }

    /// The directory that holds `path`; the root holds itself.
    package static func parent(of path: ByteString) -> ByteString {
        let end = path.bytes.lastIndex(of: UInt8(ascii: "/")) ?? 0
        return end == 0 ? "/" : ByteString(path.bytes[..<end])
    }

    /// What `st_ino` and `d_ino` show: the same for every version of a path, never 0 or 1.
    package static func inode(of path: ByteString) -> UInt64 {
        let hash = XXH64.hash(path.bytes)
        return hash > 1 ? hash : hash + 2
    }

    /// Whether POSIX can show `name` (`Docs/fuse.md`).
    package static func isVisible(_ name: ByteString) -> Bool {
        !name.isEmpty && name.count <= longestName && name != "." && name != ".."
            && !name.bytes.contains(UInt8(ascii: "/")) && !name.bytes.contains(0)
    }
}
