// SPDX-License-Identifier: Apache-2.0
package import Primitives
package import SystemPackage

/// Why the page store could not be opened, or could not do what was asked.
///
/// None of them ends the worker: a page that cannot be read is a miss, one that cannot be written
/// is not cached.
package enum PageStoreError: Error, Sendable, Equatable {
    // MARK: Using the store

    /// No room, and nothing left that may be evicted. In bytes.
    case full(needed: UInt64, capacity: UInt64)
    /// The disk failed repeatedly and is not used any more; the errno is that of the last failure.
    case isolated(FilePath, Errno)
    /// The kernel said no; `operation` names the system call.
    case io(Errno, operation: String, path: FilePath)
    /// The bytes given do not have the checksum given.
    case checksumMismatch(expected: UInt32, found: UInt32)
    /// The page is stored already, intact, with other bytes: one version has two contents.
    case conflictingPage(page: UInt32, stored: UInt32, offered: UInt32)
    /// No such page of the object, or not of that many bytes.
    case invalidPage(page: UInt32, byteCount: Int)
    /// A range outside of the page. In bytes.
    case invalidRange(Range<Int>, byteCount: Int)
    /// Key, version or size of the object exceed what the store names.
    case unsupportedObject(keyByteCount: Int, versionByteCount: Int, byteCount: UInt64)
    /// Two objects have the same file name; the first one keeps it.
    case nameTaken(FilePath)

    // MARK: Opening the store

    /// No cache directory was given, or one twice.
    case noDisks
    /// The directory belongs to another cluster.
    case foreignCluster(FilePath, found: ClusterID)
    /// The directory holds something that the store did not put there.
    case foreignFile(FilePath)
    /// Another process uses the directory.
    case inUse(FilePath)
    /// The store header is damaged.
    case damagedHeader(FilePath)
    /// The directory was written by a newer release.
    case unsupportedFormat(FilePath, found: UInt32, newest: UInt32)
    /// The directory was written with other page or unit sizes. In bytes.
    case differentGeometry(FilePath, pageByteCount: UInt32, unitByteCount: UInt32)
}
