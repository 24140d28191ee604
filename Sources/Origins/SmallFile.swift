// SPDX-License-Identifier: Apache-2.0
import Glibc
import SystemPackage

/// Configuration files of a few kilobytes: certificates, keys, tokens.
enum SmallFile {
    /// The whole content; `nil` if it cannot be read or is longer than `limit` bytes.
    static func read(_ path: String, limit: Int) -> [UInt8]? {
        guard let file = try? FileDescriptor.open(FilePath(path), .readOnly, options: .closeOnExec)
        else { return nil }
        defer { try? file.close() }

        var content: [UInt8] = []
        var chunk = [UInt8](repeating: 0, count: 8192)
        while true {
            // Safe because: the buffer is the array's own, and read(2) writes no further than its end.
            let count = unsafe try? chunk.withUnsafeMutableBytes { unsafe try file.read(into: $0) }
            guard let count else { return nil }
            if count == 0 { return content }
            content += chunk[..<count]
            guard content.count <= limit else { return nil }
        }
    }

    static func isReadable(_ path: String) -> Bool { unsafe access(path, R_OK) == 0 }
}
