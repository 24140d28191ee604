// SPDX-License-Identifier: Apache-2.0
import Glibc
import SystemPackage

/// An open file; the name alone is ambiguous beside NIO's protocol.
typealias Descriptor = SystemPackage.FileDescriptor

/// Runs `body` and names the system call and the file in whatever error it throws.
func attempt<Value>(
    _ operation: String,
    _ path: FilePath,
    _ body: () throws -> Value
) throws(PageStoreError) -> Value {
    do {
        return try body()
    } catch {
        // Everything called here throws Errno and nothing else.
        throw .io(error as? Errno ?? .ioError, operation: operation, path: path)
    }
}

/// Throws the errno of a call that answered -1.
private func check(_ result: CInt) throws(Errno) {
    guard result == -1 else { return }
    throw Errno(rawValue: errno)
}

/// What `stat(2)` says that the store looks at.
struct FileStatus {
    /// Bytes of the blocks allocated, which for a sparse file is less than its size.
    let allocated: UInt64
    /// Size, in bytes, holes included.
    let size: UInt64
    /// When it was last written, in nanoseconds since 1970.
    let modifiedUnixNS: Int64

    init(_ status: stat) {
        allocated = UInt64(clamping: status.st_blocks) * 512  // POSIX: always units of 512 bytes.
        size = UInt64(clamping: status.st_size)
        let modified = status.st_mtim
        modifiedUnixNS = Int64(modified.tv_sec) * 1_000_000_000 + Int64(modified.tv_nsec)
    }
}

func fileStatus(of path: FilePath) throws(PageStoreError) -> FileStatus {
    try attempt("stat", path) {
        var status = stat()
        try check(unsafe path.withPlatformString { name in unsafe lstat(name, &status) })
        return FileStatus(status)
    }
}

func fileStatus(of file: Descriptor, _ path: FilePath) throws(PageStoreError) -> FileStatus {
    try attempt("fstat", path) {
        var status = stat()
        try check(unsafe fstat(file.rawValue, &status))
        return FileStatus(status)
    }
}

/// What `statvfs(3)` says about a file system, in bytes.
struct FileSystemSpace: Equatable {
    let total: UInt64
    /// What a process that is not root may still take.
    let available: UInt64
    let blockByteCount: UInt64
}

func fileSystemSpace(at path: FilePath) throws(PageStoreError) -> FileSystemSpace {
    try attempt("statvfs", path) {
        var answer = statvfs()
        try check(unsafe path.withPlatformString { name in unsafe statvfs(name, &answer) })
        let block = max(UInt64(answer.f_frsize), 512)
        return FileSystemSpace(
            total: UInt64(answer.f_blocks) * block,
            available: UInt64(answer.f_bavail) * block,
            blockByteCount: block
        )
    }
}

func removeFile(_ path: FilePath) throws(PageStoreError) {
    try attempt("unlink", path) {
        do {
            try check(unsafe path.withPlatformString { name in unsafe unlink(name) })
        } catch Errno.noSuchFileOrDirectory {}  // Gone is what was wanted.
    }
}

/// Makes a directory, and those above it where they are missing.
func makeDirectory(_ path: FilePath) throws(PageStoreError) {
    do {
        try makeOneDirectory(path)
    } catch .io(.noSuchFileOrDirectory, _, _) where !path.removingLastComponent().isEmpty {
        try makeDirectory(path.removingLastComponent())
        try makeOneDirectory(path)
    }
}

private func makeOneDirectory(_ path: FilePath) throws(PageStoreError) {
    try attempt("mkdir", path) {
        do {
            try check(unsafe path.withPlatformString { name in unsafe mkdir(name, 0o700) })
        } catch Errno.fileExists {}
    }
}

func renameFile(_ old: FilePath, to new: FilePath) throws(PageStoreError) {
    try attempt("rename", new) {
        try check(
            unsafe old.withPlatformString { oldName in
                unsafe new.withPlatformString { newName in unsafe rename(oldName, newName) }
            }
        )
    }
}

/// Makes what a file or directory holds survive a power cut.
func synchronise(_ file: Descriptor, _ path: FilePath) throws(PageStoreError) {
    try attempt("fsync", path) { try check(fsync(file.rawValue)) }
}

/// Takes the lock that ends with the descriptor, at the latest with the process.
///
/// Returns `false` where another descriptor has it.
func lockExclusively(_ file: Descriptor, _ path: FilePath) throws(PageStoreError) -> Bool {
    try attempt("flock", path) {
        do {
            try check(flock(file.rawValue, LOCK_EX | LOCK_NB))
            return true
        } catch Errno.wouldBlock {
            return false
        }
    }
}

/// Names in a directory without `.` and `..`, in no particular order.
func directoryEntries(of path: FilePath) throws(PageStoreError) -> [String] {
    try attempt("opendir", path) {
        guard let directory = unsafe path.withPlatformString({ name in unsafe opendir(name) })
        else {
            throw Errno(rawValue: errno)
        }
        defer { unsafe closedir(directory) }
        var names: [String] = []
        while let entry = unsafe readdir(directory) {
            // Safe because the kernel ends every name with a NUL inside `d_name`, and the entry is
            // valid until the next call.
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) { field in
                unsafe field.withMemoryRebound(to: CChar.self, capacity: 256) { characters in
                    unsafe String(cString: characters)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        return names
    }
}
