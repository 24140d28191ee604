// SPDX-License-Identifier: Apache-2.0
package import Codecs

/// How a worker reaches others: the calling side of the peer protocol.
///
/// ``PeerClient`` is the real one; the protocol is there so that the layer above can be tested
/// without sockets. Connections are made when first needed, one an address, and kept.
package protocol PeerCalling: Sendable {
    /// Sends a one-way message; returns at once and never fails.
    ///
    /// Messages to one address arrive in order or not at all: they are dropped, and counted, when
    /// the outbox is over its bound (the oldest first), when no connection can be made, and when a
    /// connection breaks. Raft repeats what matters.
    func send(_ message: [UInt8], to address: PeerAddress)

    /// Sends a one-way message that is under way in another way, too: as ``send(_:to:)``, but left out
    /// while the connection waits for the answer to what it had to send again.
    func sendSpare(_ message: [UInt8], to address: PeerAddress)

    /// Asks, and waits for the answer.
    ///
    /// - Parameters:
    ///   - method: What is asked; the meaning is the layer above's.
    ///   - body: Opaque, at most ``PeerLimits/bodyByteCount`` bytes.
    ///   - address: Who is asked.
    ///   - timeout: For connecting, asking and answering together; the other side is told it.
    /// - Returns: The body of the answer.
    /// - Throws: ``PeerError``; ``PeerError/effect`` says whether the call may have had an effect.
    func request(
        _ method: UInt8,
        _ body: [UInt8],
        to address: PeerAddress,
        timeout: Duration
    ) async throws(PeerError) -> [UInt8]

    /// Opens a stream of items from another worker.
    ///
    /// Returns when the request has been handed to a connection. The other side sends no more than
    /// a window of unread bytes ahead; dropping or cancelling the iteration cancels its handler.
    func stream(
        _ method: UInt8,
        _ body: [UInt8],
        to address: PeerAddress
    ) async throws(PeerError) -> PeerStream

    /// Connects if need be, and says who answers there.
    func probe(_ address: PeerAddress, timeout: Duration) async throws(PeerError) -> PeerHello

    /// What is known of the connection to this address now.
    func status(of address: PeerAddress) -> PeerConnectionStatus

    /// Whether messages to this address have to wait for packets that were lost, or are lost: there is
    /// no connection, or it waits for the answer to what it had to send again.
    ///
    /// What was never sent anything loses nothing.
    func losesPackets(to address: PeerAddress) -> Bool

    /// Sends this worker's changed hello over every connection.
    func announce()

    /// Closes the connection to this address and forgets it; calls in flight end as `disconnected`.
    func forget(_ address: PeerAddress)
}

/// The state of the connection to one address.
package struct PeerConnectionStatus: Sendable, Equatable {
    /// Who answered there last, connected or not; `nil` if never.
    package let remote: PeerHello?
    /// Whether a handshaken connection exists now.
    package let isConnected: Bool
    /// Time since any byte came from there; `nil` if never.
    ///
    /// Below one ping interval and a round trip while all is well.
    package let silence: Duration?

    /// Describes a connection.
    package init(remote: PeerHello?, isConnected: Bool, silence: Duration?) {
        self.remote = remote
        self.isConnected = isConnected
        self.silence = silence
    }
}

/// Hears of connections this worker made to others.
///
/// Called on event loops: must not block.
package protocol PeerConnectionObserver: Sendable {
    /// The handshake with `remote` at this address is done, or it announced a changed hello.
    func connected(to address: PeerAddress, remote: PeerHello)

    /// The connection ended (`error` says how), or an attempt to make one failed (`remote` is then
    /// `nil`).
    ///
    /// What was sent over it may be lost.
    func disconnected(from address: PeerAddress, remote: PeerHello?, error: PeerError)

    /// Nobody listens at this address: the machine itself said so.
    func refused(at address: PeerAddress)
}

extension PeerConnectionObserver {
    package func refused(at address: PeerAddress) {}
}
