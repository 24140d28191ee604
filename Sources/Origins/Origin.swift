// SPDX-License-Identifier: Apache-2.0
package import NIOCore
package import Primitives

/// A place data comes from: a bucket, a directory.
///
/// Read-only and small on purpose: whoever adds a kind of store implements three calls and runs the
/// shared conformance test. Keys are the origin's own, whole; the mount's prefix is the caller's
/// business. Every call ends by ``OriginLimits``: its answer begins within the deadline, and its body
/// keeps coming.
package protocol Origin: Sendable {
    /// Attributes of one object.
    ///
    /// - Throws: ``OriginError/notFound`` when there is none of exactly this key.
    func attributes(of key: ByteString) async throws(OriginError) -> OriginObject

    /// Size of one object, and what the store itself keeps about its whole content.
    ///
    /// - Throws: ``OriginError/notFound`` when there is none of exactly this key.
    func checksums(of key: ByteString) async throws(OriginError) -> ObjectChecksums

    /// One page of a listing, in bytewise order of keys.
    func list(_ query: OriginListQuery) async throws(OriginError) -> OriginListing

    /// The bytes `range` of one version of an object; never fewer, never of another version.
    ///
    /// - Parameters:
    ///   - object: As ``attributes(of:)`` or ``list(_:)`` gave it; its version and size are
    ///     compared with what the store answers.
    ///   - range: Not empty, within the object's size, at most 64 MiB long.
    /// - Returns: Exactly `range.count` bytes.
    /// - Throws: ``OriginError/changed`` when the store now has another version.
    func read(_ object: OriginObject, range: Range<UInt64>) async throws(OriginError) -> ByteBuffer
}

/// One object as its origin describes it.
package struct OriginObject: Hashable, Sendable {
    package let key: ByteString
    /// In bytes.
    package let size: UInt64
    /// Nanoseconds since 1970.
    package let modifiedUnixNS: Int64
    /// ETag, or size, mtime and inode of a file.
    ///
    /// Equal versions have equal bytes.
    package let version: ByteString

    package init(key: ByteString, size: UInt64, modifiedUnixNS: Int64, version: ByteString) {
        self.key = key
        self.size = size
        self.modifiedUnixNS = modifiedUnixNS
        self.version = version
    }
}

/// What to list.
package struct OriginListQuery: Hashable, Sendable {
    /// Only keys that begin with this; empty or whatever the caller wants, not only directories.
    package let prefix: ByteString
    /// `true`: keys with a `/` behind the prefix are rolled up into `prefixes`.
    package let isDelimited: Bool
    /// Continue behind an earlier page: its ``OriginListing/next``.
    package let continuation: ByteString?
    /// At most this many objects and prefixes together, from 1 on; a store whose own pages are
    /// smaller (S3: 1,000, a directory: 10,000) gives fewer.
    package let limit: Int

    package init(
        prefix: ByteString,
        isDelimited: Bool,
        continuation: ByteString? = nil,
        limit: Int = 1000
    ) {
        self.prefix = prefix
        self.isDelimited = isDelimited
        self.continuation = continuation
        self.limit = limit
    }
}

/// One page of a listing.
package struct OriginListing: Hashable, Sendable {
    /// In bytewise order of keys.
    package let objects: [OriginObject]
    /// Common prefixes, each ending with `/`, in bytewise order.
    package let prefixes: [ByteString]
    /// Where the next page begins; `nil` on the last.
    package let next: ByteString?
    /// `true` where the prefix asked for, ending with `/`, is itself a directory, or an object as S3's
    /// tools make them to mark one: it is there even if nothing lies in it.
    package let directoryExists: Bool

    package init(
        objects: [OriginObject],
        prefixes: [ByteString],
        next: ByteString?,
        directoryExists: Bool = false
    ) {
        self.objects = objects
        self.prefixes = prefixes
        self.next = next
        self.directoryExists = directoryExists
    }
}
