// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// What happened on the connections of one client or server, counted since its start.
package struct PeerCounters: Sendable, Equatable {
    /// Connections that completed the handshake.
    package var connected: UInt64 = 0
    /// Handshakes that a worker on either side refused.
    package var refused: UInt64 = 0
    /// Connections that never completed the handshake: strangers, garbage, silence.
    package var failedHandshakes: UInt64 = 0
    /// Connections closed because of bytes that are no frames, or frames out of place.
    package var protocolErrors: UInt64 = 0
    /// Connections closed after ``PeerLimits/silenceTimeout``.
    package var silent: UInt64 = 0
    package var messagesSent: UInt64 = 0
    package var messagesReceived: UInt64 = 0
    /// One-way messages dropped: outbox full, no connection, connection lost before writing.
    package var messagesDropped: UInt64 = 0
    package var requests: UInt64 = 0
    /// Requests and streams refused because too many were in flight.
    package var overloads: UInt64 = 0

    package init() {}
}

/// Counters that several event loops add to.
final class PeerCounterBox: Sendable {
    private let counters = Mutex(PeerCounters())

    var value: PeerCounters { counters.withLock { $0 } }

    func count(_ change: (inout PeerCounters) -> Void) { counters.withLock { change(&$0) } }
}
