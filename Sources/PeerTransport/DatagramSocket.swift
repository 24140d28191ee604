// SPDX-License-Identifier: Apache-2.0
package import NIOCore
import NIOPosix
import Synchronization

/// The datagrams of the peers' port: whatever comes is handed on, whatever fails is counted, and
/// nothing ends it but ``shutDown()``.
package final class DatagramSocket: Sendable {
    /// What went through it, and what did not.
    package struct Counters: Sendable, Equatable {
        package var received: UInt64 = 0
        package var sent: UInt64 = 0
        /// The kernel refused to take them.
        package var failed: UInt64 = 0
        /// Left out because too many wait to be sent.
        package var dropped: UInt64 = 0
    }

    /// Who takes datagrams; called on the socket's event loop, must not block.
    package typealias Receiver = @Sendable ([UInt8], SocketAddress) -> Void

    private final class Shared: Sendable {
        let counters = Mutex(Counters())
        let receiver = Mutex<Receiver?>(nil)
        let waiting = Atomic(0)
    }

    /// Longest datagram taken from the kernel; a longer one is cut, and then refused for its proof.
    private static let receiveByteCount = 2_048
    /// Datagrams that wait to be sent, at most.
    private static let waitingLimit = 4_096

    private let channel: any Channel
    private let shared: Shared

    private init(channel: any Channel, shared: Shared) {
        self.channel = channel
        self.shared = shared
    }

    /// Listens on `host` and `port`.
    package static func bind(
        host: String,
        port: Int,
        group: any EventLoopGroup
    ) async throws(PeerServer.ListenError) -> DatagramSocket {
        let shared = Shared()
        let bootstrap = DatagramBootstrap(group: group)
            .channelOption(
                .recvAllocator,
                value: FixedSizeRecvByteBufferAllocator(capacity: receiveByteCount)
            )
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(Handler(shared))
                }
            }
        do {
            let channel = try await bootstrap.bind(host: host, port: port).get()
            return DatagramSocket(channel: channel, shared: shared)
        } catch {
            throw PeerServer.ListenError(host: host, port: port, reason: "UDP: \(error)")
        }
    }

    package var localAddress: SocketAddress? { channel.localAddress }
    package var counters: Counters { shared.counters.withLock { $0 } }

    /// Says who takes datagrams from now on; those before are lost.
    package func receive(_ receiver: @escaping Receiver) {
        shared.receiver.withLock { $0 = receiver }
    }

    /// Sends a datagram, or drops it: nobody waits for datagrams.
    ///
    /// - Returns: Whether it is on its way to the kernel, which may refuse it or lose it.
    @discardableResult
    package func send(_ bytes: [UInt8], to address: SocketAddress) -> Bool {
        guard shared.waiting.load(ordering: .relaxed) < Self.waitingLimit else {
            shared.counters.withLock { $0.dropped += 1 }
            return false
        }
        shared.waiting.add(1, ordering: .relaxed)
        let envelope = AddressedEnvelope(
            remoteAddress: address,
            data: channel.allocator.buffer(bytes: bytes)
        )
        channel.writeAndFlush(envelope).whenComplete { [shared] result in
            shared.waiting.subtract(1, ordering: .relaxed)
            shared.counters.withLock { counters in
                if case .success = result { counters.sent += 1 } else { counters.failed += 1 }
            }
        }
        return true
    }

    /// Closes the socket; returns when it is.
    package func shutDown() async { try? await channel.close() }

    /// The address behind a host's name or number, asked of the resolver off the event loops; `nil` if
    /// it has none now.
    package static func resolve(_ address: PeerAddress) async -> SocketAddress? {
        if let numeric = numeric(address) { return numeric }
        return try? await NIOThreadPool.singleton.runIfActive {
            try SocketAddress.makeAddressResolvingHost(address.host, port: address.port)
        }
    }

    /// The address that is written as a number; `nil` for a name.
    package static func numeric(_ address: PeerAddress) -> SocketAddress? {
        try? SocketAddress(ipAddress: address.host, port: address.port)
    }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = AddressedEnvelope<ByteBuffer>

        private let shared: Shared

        init(_ shared: Shared) { self.shared = shared }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            let envelope = unwrapInboundIn(data)
            shared.counters.withLock { $0.received += 1 }
            guard let receiver = shared.receiver.withLock({ $0 }) else { return }
            receiver(Array(envelope.data.readableBytesView), envelope.remoteAddress)
        }

        /// Errors of one datagram say nothing about the next: the socket stays.
        func errorCaught(context: ChannelHandlerContext, error: any Error) {
            shared.counters.withLock { $0.failed += 1 }
        }
    }
}
