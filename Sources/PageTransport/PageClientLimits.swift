// SPDX-License-Identifier: Apache-2.0
package import Codecs
package import NIOCore

/// Bounds of a page client.
package struct PageClientLimits: Sendable {
    /// Connections to one worker; more are opened only while all have requests under way.
    package var connectionCount = 2
    /// Requests of one connection on the wire: fewer than a server reads ahead, so that one on the
    /// wire is one worked on.
    package var requestCount = 64
    /// Bytes of pages that these ask for.
    package var replyByteCount = 24 << 20
    /// Requests of one connection that wait for their turn; one more is refused as overload.
    package var waitingCount = 1024
    /// Until a connection stands.
    package var connectTimeout = TimeAmount.milliseconds(500)
    /// A request of which nothing is heard for so long is given up: a disk, say, that takes that long.
    package var silence = TimeAmount.seconds(2)
    /// A connection on which nothing is heard for so long, although the worker was asked in between,
    /// is given up with all its requests; also one without a welcome by then.
    package var quiet = TimeAmount.seconds(1)

    package init() {}

    package static var standard: Self { Self() }
}

/// What a reader does when the page is being fetched.
package enum FillingPolicy: Sendable {
    /// Wait for the page.
    case wait
    /// Take ``PageReadAnswer/filling`` for an answer.
    case answer
}

/// The answer to a read.
package enum PageReadAnswer: Sendable, Equatable {
    /// Exactly the bytes asked for, compared with the checksum that came with them.
    case page(ByteBuffer, checksum: UInt32, source: PageSource, copies: UInt8 = 0)
    case miss
    /// As ``miss``, to a worker that takes the page over: it was there, and others needed the room.
    case evicted
    /// The page is being fetched, and the reader did not want to wait.
    case filling
}
