// SPDX-License-Identifier: Apache-2.0
import CLinux
import Glibc
package import SystemPackage

/// An open file.
///
/// Owns its descriptor: dropping the value closes it, copying is impossible. Every call names its
/// offset, so there is no position to keep. Offsets and counts are in bytes.
package struct File: ~Copyable, Sendable {
    /// How a file is opened.
    package enum Mode: Sendable {
        /// An existing file, for reading.
        case read
        /// An existing file, for reading and writing.
        case update
        /// A new file, for reading and writing; `EEXIST` if the name is taken.
        case create
        /// A file that is made if it is missing, for reading and writing.
        case updateOrCreate
    }

    /// The descriptor, for calls that this type does not have; valid as long as the value lives.
    package let descriptor: FileDescriptor

    /// Opens a file, closed on exec; a new one gets `permissions`, less the umask.
    ///
    /// The corresponding C function is `open`.
    package init(
        _ path: FilePath,
        _ mode: Mode,
        permissions: FilePermissions = [.ownerReadWrite, .groupRead]
    ) throws(Errno) {
        let flags: CInt =
            switch mode {
            case .read: O_RDONLY
            case .update: O_RDWR
            case .create: O_RDWR | O_CREAT | O_EXCL
            case .updateOrCreate: O_RDWR | O_CREAT
            }
        let rawValue = try syscall {
            // Safe because the path's bytes outlive the call.
            unsafe path.withPlatformString {
                unsafe open($0, flags | O_CLOEXEC, permissions.rawValue)
            }
        }
        descriptor = FileDescriptor(rawValue: rawValue)
    }

    /// Takes over a descriptor; nobody else may close it.
    package init(taking descriptor: FileDescriptor) { self.descriptor = descriptor }

    deinit {
        // A failed close of a file that was synced before loses nothing; one that was not synced
        // was never promised to anybody.
        _ = close(descriptor.rawValue)
    }

    /// Reads up to `count` bytes from `offset`; fewer only at the end of the file.
    ///
    /// The corresponding C function is `pread`.
    package borrowing func read(at offset: Int, count: Int) throws(Errno) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: count)
        var filled = 0
        while filled < count {
            let number = descriptor.rawValue
            let part = try syscall {
                unsafe bytes.withUnsafeMutableBytes { buffer in
                    // Safe because the range lies inside `buffer`, which outlives the call.
                    unsafe pread(
                        number,
                        buffer.baseAddress?.advanced(by: filled),
                        count - filled,
                        off_t(offset + filled)
                    )
                }
            }
            if part == 0 { break }
            filled += part
        }
        bytes.removeLast(count - filled)
        return bytes
    }

    /// Writes all bytes at `offset`, going on after a short write.
    ///
    /// The corresponding C function is `pwrite`.
    package borrowing func write(_ bytes: [UInt8], at offset: Int) throws(Errno) {
        var written = 0
        while written < bytes.count {
            let number = descriptor.rawValue
            let part = try syscall {
                unsafe bytes.withUnsafeBytes { buffer in
                    // Safe because the range lies inside `buffer`, which outlives the call.
                    unsafe pwrite(
                        number,
                        buffer.baseAddress?.advanced(by: written),
                        bytes.count - written,
                        off_t(offset + written)
                    )
                }
            }
            // A device that takes nothing and reports nothing would make this loop endless.
            guard part > 0 else { throw .ioError }
            written += part
        }
    }

    /// Makes the content durable, and the size where it changed.
    ///
    /// The corresponding C function is `fdatasync`. After an error nothing is known about what is
    /// on the disk: the pages count as clean and a second call would lie.
    package borrowing func syncData() throws(Errno) {
        let number = descriptor.rawValue
        try syscall { fdatasync(number) }
    }

    /// Makes content and metadata durable.
    ///
    /// The corresponding C function is `fsync`; of its errors the same holds as for ``syncData()``.
    package borrowing func sync() throws(Errno) {
        let number = descriptor.rawValue
        try syscall { fsync(number) }
    }

    /// Drops what is cached of the first `byteCount` bytes, in whole blocks of 4 KiB and as far as it is
    /// clean, so that reads come from the medium.
    ///
    /// The corresponding C function is `posix_fadvise` with `POSIX_FADV_DONTNEED`; a hint, so its answer
    /// is not looked at.
    package borrowing func forgetCached(upTo byteCount: Int) {
        let blocks = byteCount / 4096 * 4096
        guard blocks > 0 else { return }  // 0 would mean all.
        _ = posix_fadvise(descriptor.rawValue, 0, off_t(blocks), POSIX_FADV_DONTNEED)
    }

    /// Cuts or extends the file; new bytes read as zero and occupy nothing.
    ///
    /// The corresponding C function is `ftruncate`.
    package borrowing func truncate(to byteCount: Int) throws(Errno) {
        let number = descriptor.rawValue
        try syscall { ftruncate(number, off_t(byteCount)) }
    }

    /// Reserves blocks for a range, so that writing it cannot end in `ENOSPC`; extends the file.
    ///
    /// The corresponding C function is `fallocate` with mode 0.
    package borrowing func allocate(offset: Int, byteCount: Int) throws(Errno) {
        let number = descriptor.rawValue
        try syscall { clinux_fallocate(number, 0, off_t(offset), off_t(byteCount)) }
    }
}
