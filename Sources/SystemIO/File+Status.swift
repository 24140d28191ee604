// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SystemPackage

/// What the file system says about one file.
package struct FileStatus: Hashable, Sendable {
    /// Length, in bytes.
    package let byteCount: Int
    /// What it occupies on the disk, in bytes: less than ``byteCount`` where it is sparse.
    package let allocatedByteCount: Int
    /// The inode, unique on ``device`` as long as the file lives.
    package let inode: UInt64
    package let device: UInt64
    /// Last change of the content, in nanoseconds since 1970.
    package let modified: Int64
    package let isDirectory: Bool
    package let isRegular: Bool

    fileprivate init(_ status: stat) {
        byteCount = Int(status.st_size)
        allocatedByteCount = Int(status.st_blocks) * 512  // st_blocks counts 512, always: stat(2).
        inode = UInt64(status.st_ino)
        device = UInt64(status.st_dev)
        modified = Int64(status.st_mtim.tv_sec) * 1_000_000_000 + Int64(status.st_mtim.tv_nsec)
        isDirectory = status.st_mode & S_IFMT == S_IFDIR
        isRegular = status.st_mode & S_IFMT == S_IFREG
    }

    /// Asks about a path, following links.
    ///
    /// The corresponding C function is `stat`.
    package init(of path: FilePath) throws(Errno) {
        var status = stat()
        try syscall {
            // Safe because path and result outlive the call.
            unsafe path.withPlatformString { unsafe stat($0, &status) }
        }
        self.init(status)
    }
}

extension File {
    /// Asks about the open file.
    ///
    /// The corresponding C function is `fstat`.
    package borrowing func status() throws(Errno) -> FileStatus {
        var status = stat()
        let number = descriptor.rawValue
        // Safe because the result outlives the call.
        try syscall { unsafe fstat(number, &status) }
        return FileStatus(status)
    }
}
