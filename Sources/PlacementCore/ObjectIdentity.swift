// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// One version of one object: what pages belong to.
///
/// Two mounts of one bucket name the same objects, so they share pages; a new version of an object
/// is another identity, so its pages never mix with the old one's.
package struct ObjectIdentity: Hashable, Sendable {
    /// The longest key, in bytes: S3 allows 1024, Linux paths 4096.
    package static let maximumKeyByteCount = 4096
    /// The longest version, in bytes.
    package static let maximumVersionByteCount = 1024

    package let origin: OriginID
    /// The object's key at its origin, not its cluster path.
    package let key: ByteString
    /// ETag, or size, mtime and inode of a file.
    package let version: ByteString
    /// Size of the object, in bytes.
    package let byteCount: UInt64

    package init(origin: OriginID, key: ByteString, version: ByteString, byteCount: UInt64) {
        self.origin = origin
        self.key = key
        self.version = version
        self.byteCount = byteCount
    }

    /// How the object is cut into pages; `nil` above the largest size that pages can number.
    package var geometry: PageGeometry? { PageGeometry(byteCount: byteCount) }
}
