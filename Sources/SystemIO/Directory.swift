// SPDX-License-Identifier: Apache-2.0
import Glibc
package import SystemPackage

/// Names in directories: making, listing, renaming, removing them, and making that durable.
package enum Directory {
    /// Makes a directory; with `.ignoreExisting` one that is there already is fine.
    ///
    /// The corresponding C function is `mkdir`.
    package static func create(
        _ path: FilePath,
        existing: Existing = .isError,
        permissions: FilePermissions = [.ownerReadWriteExecute, .groupReadExecute]
    ) throws(Errno) {
        do {
            try syscall {
                // Safe because the path's bytes outlive the call.
                unsafe path.withPlatformString { unsafe mkdir($0, permissions.rawValue) }
            }
        } catch {
            guard error == .fileExists, existing == .isFine, try FileStatus(of: path).isDirectory
            else { throw error }
        }
    }

    /// What an existing directory means to ``create(_:existing:permissions:)``.
    package enum Existing: Sendable { case isError, isFine }

    /// Names in a directory, without `.` and `..`, sorted by their bytes.
    ///
    /// A name that is not UTF-8 appears with U+FFFD. The corresponding C function is `readdir`.
    package static func names(in path: FilePath) throws(Errno) -> [String] {
        // Safe because the path's bytes outlive the call.
        guard let stream = unsafe path.withPlatformString({ unsafe opendir($0) }) else {
            throw Errno(rawValue: errno)
        }
        defer { unsafe closedir(stream) }

        var names: [String] = []
        while true {
            errno = 0  // readdir(3): the end and an error both answer NULL.
            guard let entry = unsafe readdir(stream) else { break }
            // Safe because the kernel ends the name with a zero within the array.
            let name = unsafe withUnsafePointer(to: &entry.pointee.d_name) {
                unsafe $0.withMemoryRebound(to: CChar.self, capacity: 256) {
                    unsafe String(cString: $0)
                }
            }
            if name != ".", name != ".." { names.append(name) }
        }
        guard errno == 0 else { throw Errno(rawValue: errno) }
        return names.sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
    }

    /// Gives a file a new name, replacing what had it, as one step.
    ///
    /// Durable after ``sync(_:)``. The corresponding C function is `rename`.
    package static func rename(_ old: FilePath, to new: FilePath) throws(Errno) {
        try syscall {
            // Safe because both paths' bytes outlive the call.
            unsafe old.withPlatformString { old in
                unsafe new.withPlatformString { new in unsafe Glibc.rename(old, new) }
            }
        }
    }

    /// Removes a file's name.
    ///
    /// Durable after ``sync(_:)``. The corresponding C function is `unlink`.
    package static func unlink(_ path: FilePath) throws(Errno) {
        try syscall {
            // Safe because the path's bytes outlive the call.
            unsafe path.withPlatformString { unsafe Glibc.unlink($0) }
        }
    }

    /// Removes an empty directory.
    ///
    /// Durable after ``sync(_:)`` of its parent. The corresponding C function is `rmdir`.
    package static func remove(_ path: FilePath) throws(Errno) {
        try syscall {
            // Safe because the path's bytes outlive the call.
            unsafe path.withPlatformString { unsafe rmdir($0) }
        }
    }

    /// Makes the names in a directory durable: files made, renamed, removed.
    ///
    /// The corresponding C function is `fsync` of the directory.
    package static func sync(_ path: FilePath) throws(Errno) {
        try File(path, .read).sync()
    }
}
