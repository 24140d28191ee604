// SPDX-License-Identifier: Apache-2.0
package import NIOCore
package import Primitives

/// The cluster's files as every client sees them: FUSE, HTTP, S3 and the CLI.
///
/// Paths are cluster paths: absolute, `/data/bucket_a/dir/name`, cut from the request exactly once
/// and never normalised. Directories above mounts exist; the root is `/`.
package protocol FileSystemClient: Sendable {
    /// Attributes of what `path` names.
    ///
    /// If both `p` and `p/…` exist at the origin, `p` is a directory for `.posix` and the object
    /// for `.object`.
    func attributes(of path: ByteString, view: PathView) async throws(FileError) -> FileAttributes

    /// One page of a directory, bytewise by name, directories compared with a `/` behind it.
    ///
    /// `after` is the ``DirectoryEntry/cursor`` of the last entry of the page before, `nil` for the
    /// first; `limit` is 1...10,000.
    func list(
        _ path: ByteString,
        after: ByteString?,
        limit: Int
    ) async throws(FileError) -> DirectoryPage

    /// Bytes of one version of a file: exactly `range`, which must lie within its size.
    ///
    /// - Throws: ``FileError/stale`` when this version exists nowhere any more.
    func read(
        _ file: FileReference,
        range: Range<UInt64>,
        context: ReadContext
    ) async throws(FileError) -> ByteBuffer

    /// Totals for `statfs`: capacity and use of the region's workers, in bytes.
    func capacity() async throws(FileError) -> (total: UInt64, used: UInt64)
}

/// How a path is looked at when it names both an object and a directory.
package enum PathView: Sendable {
    case posix
    case object
}

/// Which client a read is for: the label `client` of `tarn_cache_read_bytes_total`.
package enum ClientKind: String, Sendable {
    case http, s3, fuse, fs
}

/// What a read may tell the runtime so that it can plan ahead.
package struct ReadContext: Sendable {
    package let client: ClientKind
    /// Bytes behind the range that the reader will very likely ask for next; 0 for random access.
    package let readAhead: UInt64

    package init(client: ClientKind, readAhead: UInt64 = 0) {
        self.client = client
        self.readAhead = readAhead
    }
}

/// One version of one file, resolved.
package struct FileReference: Hashable, Sendable {
    package let path: ByteString
    package let size: UInt64
    package let modifiedUnixNS: Int64
    package let version: ByteString

    package init(path: ByteString, size: UInt64, modifiedUnixNS: Int64, version: ByteString) {
        self.path = path
        self.size = size
        self.modifiedUnixNS = modifiedUnixNS
        self.version = version
    }
}

package struct FileAttributes: Hashable, Sendable {
    package enum Kind: Hashable, Sendable { case file, directory }

    package let kind: Kind
    /// In bytes; 0 for directories.
    package let size: UInt64
    /// Nanoseconds since 1970; 0 where the origin knows none (most directories).
    package let modifiedUnixNS: Int64
    /// Empty for directories.
    package let version: ByteString
    /// How much longer the answer may be kept by a cache below; `nil` = forever (immutable).
    package let validFor: Timespan?

    package init(
        kind: Kind,
        size: UInt64,
        modifiedUnixNS: Int64,
        version: ByteString,
        validFor: Timespan?
    ) {
        self.kind = kind
        self.size = size
        self.modifiedUnixNS = modifiedUnixNS
        self.version = version
        self.validFor = validFor
    }
}

package struct DirectoryEntry: Hashable, Sendable {
    package let name: ByteString
    package let attributes: FileAttributes

    package init(name: ByteString, attributes: FileAttributes) {
        self.name = name
        self.attributes = attributes
    }
}

extension DirectoryEntry {
    /// Where the next page begins behind this entry: what the order of listings compares, so
    /// that it stands for the same place when the entry has gone.
    package var cursor: ByteString { attributes.kind == .directory ? name + "/" : name }
}

package struct DirectoryPage: Hashable, Sendable {
    package let entries: [DirectoryEntry]
    /// `true`: ask again with `after` = the last entry's cursor.
    package let hasMore: Bool

    package init(entries: [DirectoryEntry], hasMore: Bool) {
        self.entries = entries
        self.hasMore = hasMore
    }
}

/// Why a file operation failed, in words every client can translate.
package enum FileError: Error, Sendable, Equatable {
    case notFound
    case notADirectory
    case isADirectory
    /// The origin refuses: `code` is the store's own.
    case accessDenied(code: String)
    /// The version asked for exists nowhere any more.
    case stale
    case invalidPath(String)
    case rangeNotSatisfiable(size: UInt64)
    /// Nobody answered within the deadline.
    case timedOut
    /// The origin failed, after retries.
    case originFailed(String)
    /// The origin did not answer within its deadline; milliseconds since the call began.
    case originTimedOut(afterMS: UInt64)
    /// This worker has been cut off for longer than the mount's `on-stale: fail:D` allows.
    case staleCatalog(ageMS: UInt64)
    case overloaded
    /// The mount's configuration cannot work: which, why.
    case misconfigured(String)
    /// The mount names a credential that the worker does not have.
    case unknownCredential(String)
    /// Every copy of the bytes failed its checksum.
    case corrupt
}
