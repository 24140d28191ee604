// SPDX-License-Identifier: Apache-2.0
import NIOHTTP1
package import Primitives

/// What a store itself says about the whole content of an object.
package struct ObjectChecksums: Hashable, Sendable {
    /// In bytes.
    package let size: UInt64
    /// Values by kind (`crc32c`, `crc64nvme`, `sha256`, …), as the store writes them; empty where it keeps
    /// none of the whole object.
    ///
    /// An ETag is none: what it is made of is the store's own business.
    package let values: [String: String]

    package init(size: UInt64, values: [String: String]) {
        self.size = size
        self.values = values
    }
}

extension Origin {
    /// Directories keep no checksums.
    package func checksums(
        of key: ByteString
    ) async throws(OriginError) -> ObjectChecksums {
        ObjectChecksums(size: try await attributes(of: key).size, values: [:])
    }
}

extension S3Head {
    /// Checksums of the whole object among the headers.
    ///
    /// One made of those of its parts says nothing about an object that was uploaded in other parts: it
    /// is marked `COMPOSITE`, or by older stores with `-` and the number of parts.
    /// - Source: Amazon S3 API Reference, HeadObject; "Checking object integrity", full object checksums.
    var wholeObjectChecksums: [String: String] {
        let type = headers.first(name: "x-amz-checksum-type")?.uppercased()
        guard type == nil || type == "FULL_OBJECT" else { return [:] }
        var values: [String: String] = [:]
        for kind in ["crc32", "crc32c", "crc64nvme", "sha1", "sha256"] {
            let value = headers.first(name: "x-amz-checksum-\(kind)")
            if let value, !value.isEmpty, !value.contains("-") { values[kind] = value }
        }
        return values
    }
}
