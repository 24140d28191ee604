// SPDX-License-Identifier: Apache-2.0
package import NIOCore

/// Bounds on what one client, and all of them together, may take from this process.
///
/// The defaults are the product's; tests make them small.
package struct HTTPLimits: Sendable {
    /// Connections open at once; the next one is answered 429 and closed.
    package var connections = 4096
    /// Connections of brief calls that are served where consensus runs; the next ones elsewhere.
    ///
    /// As many watches as are told of a change in a millisecond.
    package var nearConnections = 128
    /// Request line and headers of one request.
    package var headBytes = 32 << 10
    /// Body of one request.
    package var bodyBytes = 64 << 10
    /// From the first byte of a request, or of a connection, to the end of its head.
    package var headDeadline: TimeAmount = .seconds(10)
    /// From the end of the head to the end of the body.
    package var bodyDeadline: TimeAmount = .seconds(30)
    /// Between two requests of one connection.
    package var idleDeadline: TimeAmount = .seconds(75)
    /// How long a client may take nothing of what is waiting for it.
    package var stallDeadline: TimeAmount = .seconds(60)
    /// How long a closing connection waits for the client to close as well.
    package var lingerDeadline: TimeAmount = .seconds(2)
    /// How long requests in flight may go on after a shutdown began.
    package var shutdownGrace: TimeAmount = .seconds(5)
    /// File pieces that one answer keeps on their way, the one being sent included.
    package var piecesAhead = 8
    /// File bytes that all answers together may hold beyond one piece each.
    package var readAheadBytes = 256 << 20

    package init() {}
}
