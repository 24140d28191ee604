// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// What a worker answers, without the bytes of a page: those follow the head, up to the frame's end.
package enum PageReplyHead: Hashable, Sendable {
    /// The bytes asked for follow; `checksum` is the CRC32C of exactly those.
    ///
    /// `copies`: how many of the page's owners have its unit, the first ones, where that is more than its
    /// mount asks for; else 0. Readers may spread among them for a few seconds.
    case page(checksum: UInt32, source: PageSource, copies: UInt8 = 0)
    /// Not here, and the request was not allowed to fetch it.
    case miss
    /// As ``miss``, to a worker that takes pages over: it was here, and others needed the room.
    case evicted
    /// Being fetched: sent at once and every 500 ms until the final answer.
    case filling
    case attributes(PageAttributes)
    case directory(PageDirectory)
    /// In bytes.
    case capacity(total: UInt64, used: UInt64)
    case pong
    /// To an offer: one for each page, in its order.
    case offered([PageOfferVerdict])
    /// In bytes.
    case holdings(byteCount: UInt64)
    case failure(PageFailure)

    /// Whether nothing more comes for this request.
    package var isFinal: Bool { self != .filling }
}

/// Attributes of a file or directory, as `FileAttributes` of the client runtime.
package struct PageAttributes: Hashable, Sendable {
    package enum Kind: UInt8, Sendable {
        case file = 0
        case directory = 1
    }

    package let kind: Kind
    /// In bytes; 0 for directories.
    package let byteCount: UInt64
    /// Nanoseconds since 1970; 0 where the origin knows none.
    package let modifiedUnixNS: Int64
    /// Empty for directories.
    package let version: ByteString
    /// How much longer the answer may be kept by a cache below; `nil` = forever (immutable).
    package let validFor: Timespan?

    package init(
        kind: Kind,
        byteCount: UInt64,
        modifiedUnixNS: Int64,
        version: ByteString,
        validFor: Timespan?
    ) {
        self.kind = kind
        self.byteCount = byteCount
        self.modifiedUnixNS = modifiedUnixNS
        self.version = version
        self.validFor = validFor
    }
}

/// One name of a directory.
package struct PageDirectoryEntry: Hashable, Sendable {
    package let name: ByteString
    package let attributes: PageAttributes

    package init(name: ByteString, attributes: PageAttributes) {
        self.name = name
        self.attributes = attributes
    }
}

/// A part of a directory, in the order of listings.
package struct PageDirectory: Hashable, Sendable {
    package let entries: [PageDirectoryEntry]
    /// `true`: ask again with `after` = the last name, with a `/` behind it if it is a directory.
    package let hasMore: Bool

    package init(entries: [PageDirectoryEntry], hasMore: Bool) {
        self.entries = entries
        self.hasMore = hasMore
    }
}
