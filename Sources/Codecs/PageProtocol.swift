// SPDX-License-Identifier: Apache-2.0
import PlacementCore

/// Constants of the page protocol: how clients and workers read pages from each other.
///
///     client                                    worker
///       | hello: versions, sizes, cluster         |
///       |---------------------------------------->|
///       |         welcome, or refusal and close   |
///       |<----------------------------------------|
///       | frame, frame, …                         |
///       |<--------------------------------------->|
///
///     frame   u32 length of the rest ‖ u8 kind ‖ u64 id ‖ body       (all integers little-endian)
///
/// Requests are pipelined; replies carry the id of their request and come in any order.
package enum PageProtocol {
    /// What both sides say first.
    package static let magic = Array("TARNPAGE".utf8)
    /// The only version so far.
    package static let version: UInt16 = 1

    /// Bytes of a frame's length field.
    package static let lengthByteCount = 4
    /// Bytes of kind and id: the least that a length may announce.
    package static let headByteCount = 9
    /// The most that the length of a hello, welcome or refusal may announce, in bytes.
    package static let maximumHelloByteCount = 4096
    /// The most that the length of a request may announce, in bytes.
    package static let maximumRequestByteCount = 64 << 10
    /// The most that the length of a reply may announce, in bytes: a page and 64 KiB.
    package static let maximumReplyByteCount = Int(PageGeometry.pageByteCount) + (64 << 10)
    /// The most bytes that entries of one directory reply may take; the rest is asked for again.
    package static let maximumDirectoryByteCount = 1 << 20
    /// The most objects that one request may ask about.
    package static let maximumHoldingsCount = 512
    /// The most entries that one request may ask for.
    package static let maximumDirectoryLimit: UInt32 = 10_000
}

/// What both sides compare before the first request.
package struct PageProtocolTerms: Hashable, Sendable {
    package let oldestVersion: UInt16
    package let newestVersion: UInt16
    /// In bytes.
    package let pageByteCount: UInt32
    /// In bytes.
    package let unitByteCount: UInt32

    package init(
        oldestVersion: UInt16,
        newestVersion: UInt16,
        pageByteCount: UInt32,
        unitByteCount: UInt32
    ) {
        self.oldestVersion = oldestVersion
        self.newestVersion = newestVersion
        self.pageByteCount = pageByteCount
        self.unitByteCount = unitByteCount
    }

    /// What this release speaks.
    package static var current: Self {
        Self(
            oldestVersion: PageProtocol.version,
            newestVersion: PageProtocol.version,
            pageByteCount: UInt32(PageGeometry.pageByteCount),
            unitByteCount: UInt32(PageGeometry.unitByteCount)
        )
    }
}
