// SPDX-License-Identifier: Apache-2.0
import Codecs

/// The bounds and times of the peer protocol.
///
/// The defaults are what production uses; tests make them small.
package struct PeerLimits: Sendable {
    /// Longest frame on the wire behind its length field, in bytes.
    package var frameByteCount = PeerFrame.longest
    /// From connection to complete handshake.
    package var handshakeTimeout: Duration = .seconds(5)
    /// From the first SYN to an established connection, per address the name resolves to.
    package var connectTimeout: Duration = .seconds(1)
    /// Wait before the first reconnection; doubles, with jitter, up to ``longestBackoff``.
    package var shortestBackoff: Duration = .milliseconds(50)
    package var longestBackoff: Duration = .seconds(1)
    /// How often the connecting side pings.
    package var pingInterval: Duration = .milliseconds(500)
    /// A connection without a byte from the other side for this long is dead; counted in pings.
    package var silenceTimeout: Duration = .seconds(3)
    /// A connection without messages, requests and streams for this long is closed by its maker.
    package var idleTimeout: Duration = .seconds(60)
    /// One-way messages waiting for one address: count and bytes.
    package var outboxCount = 1024
    package var outboxByteCount = 16 << 20
    /// Requests and streams in flight to one address, and on one accepted connection.
    package var requestsInFlight = 64
    package var streamsInFlight = 16
    /// Methods for which an eighth of the requests in flight is kept free: others that fill a
    /// connection say nothing about whether the worker behind it lives.
    package var urgentMethods: Set<UInt8> = []
    /// Methods whose handlers neither block nor compute for long: they run on the connection's own
    /// event loop, the rest on the shared pool.
    package var briefMethods: Set<UInt8> = []
    /// Addresses a client keeps, and connections a server accepts.
    package var connections = 4096
    /// Bytes a stream may be ahead of its reader, each item counted with 64 bytes more.
    package var streamWindow = 1 << 20

    /// The limits of production.
    package init() {}

    /// Longest message, request, reply or stream item, in bytes.
    package var bodyByteCount: Int { frameByteCount - PeerFrame.longestOverhead }
}
