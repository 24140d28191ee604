// SPDX-License-Identifier: Apache-2.0
import Glibc
import SystemPackage

/// Whole small files: mount tables, state, logs.
enum SmallFile {
    /// The content; at most `limit` bytes of it.
    static func read(_ path: String, limit: Int) throws(FuseMountError) -> [UInt8] {
        do {
            let file = try FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
            defer { try? file.close() }
            var content: [UInt8] = []
            var chunk = [UInt8](repeating: 0, count: 64 << 10)
            while content.count < limit {
                let count = try unsafe chunk.withUnsafeMutableBytes {
                    try unsafe file.read(into: $0)
                }
                guard count > 0 else { break }
                content += chunk[..<min(count, limit - content.count)]
            }
            return content
        } catch {
            throw .badStateDirectory(path: path, errno: (error as? Errno)?.rawValue ?? EIO)
        }
    }

    /// Puts `content` in place of the file in one step, readable by its owner alone.
    static func replace(_ path: String, with content: [UInt8]) throws(FuseMountError) {
        let fresh = path + ".new"
        do {
            let file = try FileDescriptor.open(
                FilePath(fresh),
                .writeOnly,
                options: [.create, .truncate, .closeOnExec, .noFollow],
                permissions: .ownerReadWrite
            )
            try file.closeAfter { _ = try file.writeAll(content) }
        } catch {
            throw .badStateDirectory(path: fresh, errno: (error as? Errno)?.rawValue ?? EIO)
        }
        guard unsafe rename(fresh, path) == 0 else {
            throw .badStateDirectory(path: path, errno: errno)
        }
    }
}
