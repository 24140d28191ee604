// SPDX-License-Identifier: Apache-2.0
package import Codecs
package import NIOCore

/// The final answer to a request.
package enum PageReply: Sendable, Equatable {
    /// Exactly the bytes asked for; `checksum` is the CRC32C of exactly those.
    ///
    /// `copies`: how many of the page's owners have its unit, where that is more than its mount asks for;
    /// else 0.
    case page(ByteBuffer, checksum: UInt32, source: PageSource, copies: UInt8 = 0)
    case miss
    /// As ``miss``, to a worker that takes pages over: it was here, and others needed the room.
    case evicted
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
}

/// Answers the requests of all clients of a worker.
package protocol PageRequestHandler: Sendable {
    /// Takes one request; called on an event loop, which must not be blocked.
    ///
    /// `reply` may be completed here or later from any thread. For a request that nobody answers
    /// (``PageRequest/isAnswered``) it does nothing.
    func handle(_ request: PageRequest, from client: PageClientDescription, reply: PageReplyWriter)
}

/// Who is at the other end of a connection, by its own account.
package struct PageClientDescription: Hashable, Sendable {
    /// As in its hello, for logs.
    package let name: String

    package init(name: String) { self.name = name }
}
