// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SystemPackage

/// How full a file system is.
package struct FileSystemSpace: Hashable, Sendable {
    /// Size of the file system, in bytes.
    package let total: UInt64
    /// What an unprivileged process may still write, in bytes.
    package let available: UInt64
    /// Inodes still free; 0 on file systems that do not count them.
    package let freeInodes: UInt64

    /// What a file system would say.
    package init(total: UInt64, available: UInt64, freeInodes: UInt64) {
        self.total = total
        self.available = available
        self.freeInodes = freeInodes
    }

    /// Asks about the file system that holds `path`.
    ///
    /// The corresponding C function is `statvfs`.
    package init(of path: FilePath) throws(Errno) {
        var answer = statvfs()
        try syscall {
            // Safe because path and result outlive the call.
            unsafe path.withPlatformString { unsafe statvfs($0, &answer) }
        }
        let unit = UInt64(answer.f_frsize)
        total = UInt64(answer.f_blocks) * unit
        available = UInt64(answer.f_bavail) * unit
        freeInodes = UInt64(answer.f_favail)
    }
}
