// SPDX-License-Identifier: Apache-2.0
import Codecs
package import NIOCore
import NIOPosix
import Synchronization
import SystemIO

/// Prepares a connection before the peer protocol's own handlers are added: the place for TLS.
///
/// Without one, connections are neither encrypted nor authenticated: whoever reaches the port can
/// say hello. The worker therefore listens beyond loopback only when told `insecure`.
package typealias PeerPipelineHook = @Sendable (any Channel) throws -> Void

/// Accepts connections from other workers.
package final class PeerServer: Sendable {
    /// Why nothing listens.
    package struct ListenError: Error, Sendable, CustomStringConvertible {
        package let host: String
        package let port: Int
        package let reason: String

        package var description: String {
            "cannot listen for peers on \(host):\(port): \(reason)"
        }
    }

    private struct Connections {
        var handlers: [ObjectIdentifier: NIOLoopBound<PeerServerHandler>] = [:]
        var channels: [ObjectIdentifier: any Channel] = [:]
    }

    private final class Shared: Sendable {
        let connections = Mutex(Connections())
        let counters = PeerCounterBox()
    }

    private let channel: any Channel
    private let shared: Shared

    private init(channel: any Channel, shared: Shared) {
        self.channel = channel
        self.shared = shared
    }

    /// Listens on `host` and `port` (0: any free one), serving connections on `group`'s loops.
    package static func bind(
        host: String,
        port: Int,
        group: any EventLoopGroup,
        handler: any PeerRequestHandler,
        limits: PeerLimits = PeerLimits(),
        prepare: PeerPipelineHook? = nil
    ) async throws(ListenError) -> PeerServer {
        let shared = Shared()
        let bootstrap = (TCPLiveness.options + TCPRecovery.options)
            .reduce(ServerBootstrap(group: group)) {
                $0.childChannelOption($1.option, value: $1.value)
            }
            .serverChannelOption(.backlog, value: 256)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try prepare?(channel)
                    try channel.pipeline.syncOperations.addHandler(FlushOncePerTick())
                    try add(channel, handler, limits, shared)
                }
            }
        do {
            let channel = try await bootstrap.bind(host: host, port: port).get()
            return PeerServer(channel: channel, shared: shared)
        } catch {
            throw ListenError(host: host, port: port, reason: "\(error)")
        }
    }

    /// Where it listens.
    package var localAddress: SocketAddress? { channel.localAddress }

    package var counters: PeerCounters { shared.counters.value }

    /// Connections open now.
    package var connectionCount: Int { shared.connections.withLock { $0.channels.count } }

    /// Sends this worker's changed hello over every accepted connection.
    package func announce() {
        let handlers = shared.connections.withLock { Array($0.handlers.values) }
        for handler in handlers { handler.eventLoop.execute { handler.value.announce() } }
    }

    /// Stops listening and closes every connection; returns when all are closed.
    package func shutDown() async {
        try? await channel.close()
        let channels = shared.connections.withLock { Array($0.channels.values) }
        for channel in channels { try? await channel.close() }
    }

    private static func add(
        _ channel: any Channel,
        _ handler: any PeerRequestHandler,
        _ limits: PeerLimits,
        _ shared: Shared
    ) throws {
        let id = ObjectIdentifier(channel)
        let server = PeerServerHandler(
            handler: handler,
            limits: limits,
            counters: shared.counters
        ) {
            shared.connections.withLock {
                $0.handlers[id] = nil
                $0.channels[id] = nil
            }
        }
        let bound = NIOLoopBound(server, eventLoop: channel.eventLoop)
        let isWithinLimit = shared.connections.withLock { connections in
            guard connections.channels.count < limits.connections else { return false }
            connections.handlers[id] = bound
            connections.channels[id] = channel
            return true
        }
        guard isWithinLimit else {
            shared.counters.count { $0.overloads += 1 }
            throw ChannelError.operationUnsupported  // closes the connection
        }
        try add(server, to: channel, limits)
    }

    private static func add(
        _ server: PeerServerHandler,
        to channel: any Channel,
        _ limits: PeerLimits
    ) throws {
        try channel.pipeline.syncOperations.addHandlers([
            ByteToMessageHandler(PeerFrameDecoder(longest: limits.frameByteCount)), server,
        ])
    }

    /// Serves one channel that is not a socket of ours, on its event loop: how tests feed bytes one
    /// by one.
    ///
    /// - Returns: What counts on this channel; ask it after feeding.
    package static func serve(
        _ channel: any Channel,
        handler: any PeerRequestHandler,
        limits: PeerLimits = PeerLimits()
    ) throws -> @Sendable () -> PeerCounters {
        let counters = PeerCounterBox()
        let server = PeerServerHandler(handler: handler, limits: limits, counters: counters) {}
        try add(server, to: channel, limits)
        return { counters.value }
    }
}
