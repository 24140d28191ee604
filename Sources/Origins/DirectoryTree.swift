// SPDX-License-Identifier: Apache-2.0
import Glibc
import Primitives

/// A directory as a set of keys: relative paths of regular files that lie inside it.
///
/// Symbolic links are followed as long as they stay inside. Checked without a race: the target is
/// opened by inode first (`O_PATH`), the kernel says where that inode lies (`/proc/self/fd`), and only
/// then is that same inode opened for reading. What leads outside does not exist here.
struct DirectoryTree: Sendable {
    let root: ByteString
    /// Directories below which `root` must really lie; `nil`: anywhere.
    let allowed: [ByteString]?

    /// An open root and where it really lies.
    struct Root: ~Copyable {
        let file: DirectoryFile
        let path: ByteString
    }

    /// - Throws: ``OriginError/misconfigured(_:)`` if it is missing, no directory, or not allowed.
    func open() throws(OriginError) -> Root {
        let file: DirectoryFile
        do {
            file = try DirectoryFile.open(root, flags: DirectoryFile.pathOnly | O_DIRECTORY)
        } catch .notFound {
            throw .misconfigured("directory \(root) does not exist on this worker")
        } catch {
            throw error
        }
        let path = try file.canonicalPath()
        if let allowed {
            var isAllowed = false
            for directory in allowed where !isAllowed {
                let flags = DirectoryFile.pathOnly | O_DIRECTORY
                guard let parent = try? DirectoryFile.open(directory, flags: flags) else {
                    continue
                }
                isAllowed = path.lies(in: try parent.canonicalPath())
            }
            guard isAllowed else {
                throw .misconfigured("directory \(root) is not below file-origins of this worker")
            }
        }
        return Root(file: file, path: path)
    }

    /// The inode that a key or a directory names, opened by path only.
    ///
    /// `relative` is a valid key, a directory without its trailing `/`, or empty: the root.
    static func resolve(
        _ relative: ByteString,
        in root: borrowing Root
    ) throws(OriginError) -> DirectoryFile {
        let file = try root.file.open(relative, flags: DirectoryFile.pathOnly)
        guard try file.canonicalPath().lies(in: root.path) else { throw .notFound }
        return file
    }

    /// `true` for what can name a file: no empty, `.` or `..` component, no zero byte, not absolute.
    static func isKey(_ key: ByteString) -> Bool {
        !key.isEmpty && key.count < Int(PATH_MAX) && !key.bytes.contains(0)
            && key.bytes.split(separator: slash, omittingEmptySubsequences: false).allSatisfy {
                !$0.isEmpty && !$0.elementsEqual([dot]) && !$0.elementsEqual([dot, dot])
            }
    }

    private static let slash = UInt8(ascii: "/")
    private static let dot = UInt8(ascii: ".")
}

extension ByteString {
    /// `true` if this canonical path is `directory` or below it.
    func lies(in directory: ByteString) -> Bool {
        self == directory || directory == "/" || hasPrefix(directory + "/")
    }
}
