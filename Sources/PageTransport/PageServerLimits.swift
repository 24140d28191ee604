// SPDX-License-Identifier: Apache-2.0
package import NIOCore

/// Bounds of a page server.
package struct PageServerLimits: Sendable {
    /// Connections at once; one more is refused with a reason.
    package var connectionCount = 1024
    /// Requests of one connection that are worked on or whose answer is not sent yet; then reading
    /// stops.
    package var requestCount = 256
    /// Bytes of pages that these requests ask for; then reading stops.
    package var replyByteCount = 32 << 20
    /// From connection to the whole hello.
    package var helloDeadline = TimeAmount.seconds(5)
    /// From a refusal to the end of the connection, unless the client closes it first.
    package var refusalDeadline = TimeAmount.seconds(1)
    /// From the first byte of a frame to its last, and from an answer to the client's taking it.
    package var stallDeadline = TimeAmount.seconds(30)
    /// Between two notices that a page is being fetched.
    package var fillingInterval = TimeAmount.milliseconds(500)

    package init() {}

    package static var standard: Self { Self() }
}
