// SPDX-License-Identifier: Apache-2.0
import Glibc
import Primitives

/// An open file or directory; closed when it goes out of scope.
///
/// The corresponding C functions are `open`, `openat`, `fstat`, `pread` and `readlink`.
struct DirectoryFile: ~Copyable {
    let descriptor: Int32

    /// Names an inode without opening it.
    ///
    /// Glibc's module hides the name; the value is that of x86-64 and arm64.
    static let pathOnly: Int32 = 0o10_000_000

    private init(descriptor: Int32) { self.descriptor = descriptor }

    deinit { close(descriptor) }

    /// Opens an absolute path; the empty one is the root.
    static func open(_ path: ByteString, flags: Int32) throws(OriginError) -> DirectoryFile {
        let name = path.isEmpty ? ByteString("/") : path
        // Safe because: `terminated` ends with a zero, and the pointer lives for the call only.
        return try checked { unsafe Glibc.open(terminated(name), flags | O_CLOEXEC) }
    }

    /// Follows symbolic links; ``DirectoryTree`` checks where they led.
    func open(_ relative: ByteString, flags: Int32) throws(OriginError) -> DirectoryFile {
        let name = relative.isEmpty ? ByteString(".") : relative
        let descriptor = descriptor
        // Safe because: as above.
        return try Self.checked {
            unsafe openat(descriptor, Self.terminated(name), flags | O_CLOEXEC)
        }
    }

    /// Opens the same inode again, with other flags: no name is looked up, so nothing can be swapped.
    func reopened(flags: Int32) throws(OriginError) -> DirectoryFile {
        try Self.open(ByteString("/proc/self/fd/\(descriptor)"), flags: flags)
    }

    func status() throws(OriginError) -> stat {
        var status = stat()
        // Safe because: fstat fills the whole struct or fails.
        guard unsafe fstat(descriptor, &status) == 0 else { throw .fileSystem(errno) }
        return status
    }

    /// What a name in this directory is; a symbolic link is itself.
    func status(of name: ByteString) throws(OriginError) -> stat {
        var status = stat()
        // Safe because: fstatat fills the whole struct or fails; `terminated` ends with a zero.
        guard
            unsafe fstatat(descriptor, Self.terminated(name), &status, AT_SYMLINK_NOFOLLOW) == 0
        else { throw .fileSystem(errno) }
        return status
    }

    /// The inode's path as the kernel knows it, all links resolved.
    func canonicalPath() throws(OriginError) -> ByteString {
        let link = Self.terminated(ByteString("/proc/self/fd/\(descriptor)"))
        var buffer = [CChar](repeating: 0, count: Int(PATH_MAX))
        // Safe because: readlink writes at most the given count into the array.
        let count = unsafe readlink(link, &buffer, buffer.count)
        guard count >= 0 else { throw .fileSystem(errno) }
        return ByteString(buffer[..<count].map { UInt8(bitPattern: $0) })
    }

    /// Reads up to `into.count` bytes; fewer only at the end of the file.
    func read(
        into buffer: UnsafeMutableRawBufferPointer,
        at offset: UInt64
    ) throws(OriginError) -> Int {
        var done = 0
        while done < buffer.count {
            // Safe because: the slice begins inside the buffer and ends with it.
            let count = unsafe pread(
                descriptor,
                buffer.baseAddress?.advanced(by: done),
                buffer.count - done,
                off_t(clamping: offset) + off_t(done)
            )
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw .fileSystem(errno) }
            if count == 0 { break }
            done += count
        }
        return done
    }

    static func terminated(_ bytes: ByteString) -> [CChar] {
        bytes.bytes.map { CChar(bitPattern: $0) } + [0]
    }

    private static func checked(_ call: () -> Int32) throws(OriginError) -> DirectoryFile {
        while true {
            let descriptor = call()
            if descriptor >= 0 { return DirectoryFile(descriptor: descriptor) }
            guard errno == EINTR else { throw .fileSystem(errno) }
        }
    }
}

extension OriginError {
    /// What an errno of a file call means for an object.
    static func fileSystem(_ errno: Int32) -> OriginError {
        switch errno {
        case ENOENT, ENOTDIR, ENAMETOOLONG, ELOOP, ENXIO: .notFound
        case EACCES, EPERM: .accessDenied(code: errno == EACCES ? "EACCES" : "EPERM")
        case ESTALE: .changed
        default: .io(errno: errno)
        }
    }
}

extension stat {
    var isRegularFile: Bool { st_mode & S_IFMT == S_IFREG }

    var isSymbolicLink: Bool { st_mode & S_IFMT == S_IFLNK }

    var isDirectory: Bool { st_mode & S_IFMT == S_IFDIR }

    var modifiedUnixNS: Int64 {
        let (seconds, isOverflow) = Int64(st_mtim.tv_sec).multipliedReportingOverflow(
            by: 1_000_000_000
        )
        return isOverflow ? 0 : seconds &+ Int64(st_mtim.tv_nsec)
    }

    /// Size, time and inode: an editor that replaces a file changes the inode, one that writes into it
    /// the time.
    func object(key: ByteString) -> OriginObject {
        OriginObject(
            key: key,
            size: UInt64(clamping: st_size),
            modifiedUnixNS: modifiedUnixNS,
            version: ByteString("\(st_size)-\(modifiedUnixNS)-\(st_ino)")
        )
    }
}
