// SPDX-License-Identifier: Apache-2.0
import Coordination
import Logging
package import NIOCore
import NIOHTTP1
import NIOPosix
import ServiceLifecycle
import SystemIO
import Telemetry

/// The HTTP API of one worker: a listener, its connections, and an orderly end.
///
///     bind ──► run ──(cancelled, graceful shutdown, shutDown())──► no new connections
///                                                                  ├ idle ones close at once
///                                                                  ├ watches end with `closed`
///                                                                  └ the rest has 5 s
///
/// NIO's HTTP/1 handlers and no framework above them: the raw target, the deadlines of a connection
/// and refusals before a request is whole are out of a framework's reach (Docs/http-api.md).
package final class HTTPServer: Sendable {
    /// The port it listens on, also where 0 was asked for.
    package let port: Int

    private let listener: NIOAsyncChannel<ServedConnection?, Never>
    private let loop: ConnectionLoop
    private let setUp: ConnectionSetup
    private let executors: LoopExecutors
    private let registry: ConnectionRegistry
    private let signal: ShutdownSignal
    private let limits: HTTPLimits

    private init(
        listener: NIOAsyncChannel<ServedConnection?, Never>,
        loop: ConnectionLoop,
        setUp: ConnectionSetup,
        signal: ShutdownSignal
    ) {
        port = listener.channel.localAddress?.port ?? 0
        self.listener = listener
        self.loop = loop
        self.setUp = setUp
        self.signal = signal
        executors = LoopExecutors(setUp.loops.all)
        registry = setUp.registry
        limits = setUp.limits
    }

    /// Listens; connections wait until ``run()``.
    ///
    /// - Parameters:
    ///   - host: Address or name to listen on.
    ///   - port: 0 takes a free one.
    ///   - dependencies: What the routes ask.
    ///   - limits: Bounds on clients.
    ///   - group: Event loops of the connections.
    ///   - near: The loop that consensus runs on, for brief calls; `nil`: all are served by `group`.
    /// - Returns: A server that must be ``run()`` next.
    /// - Throws: ``HTTPServerError``.
    package static func bind(
        host: String,
        port: Int,
        dependencies: HTTPDependencies,
        limits: HTTPLimits = HTTPLimits(),
        group: any EventLoopGroup = MultiThreadedEventLoopGroup.singleton,
        near: (any EventLoop)? = nil
    ) async throws(HTTPServerError) -> HTTPServer {
        let registry = ConnectionRegistry(limit: limits.connections)
        let signal = ShutdownSignal()
        let responder = Responder(dependencies: dependencies, limits: limits, signal: signal)
        let loops = ConnectionLoops(near: near, limit: limits.nearConnections, others: group)
        let setUp = ConnectionSetup(
            limits: limits,
            loops: loops,
            registry: registry,
            responder: responder,
            uploads: BackupUploads { [coordination = dependencies.coordination] in
                !coordination.isFormed
            }
        )
        do {
            let listener = try await ServerBootstrap(group: group, childGroup: loops.accepting)
                .serverChannelOption(.backlog, value: 512)
                .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
                .childChannelOption(.tcpOption(.tcp_nodelay), value: 1)
                .childChannelOption(.allowRemoteHalfClosure, value: true)
                .bind(host: host, port: port) { channel in
                    channel.eventLoop.makeCompletedFuture { try setUp.configure(channel) }
                }
            return HTTPServer(
                listener: listener,
                loop: ConnectionLoop(responder: responder, logger: dependencies.logger),
                setUp: setUp,
                signal: signal
            )
        } catch {
            throw .cannotListen(host: host, port: port, reason: "\(error)")
        }
    }

    /// Serves until the task is cancelled (at once) or a shutdown is over (see the type).
    package func run() async {
        await withGracefulShutdownHandler {
            await withDiscardingTaskGroup { group in
                do {
                    try await listener.executeThenClose { connections in
                        for try await connection in connections {
                            guard let connection else { continue }
                            group.addTask(executorPreference: executor(of: connection)) {
                                await self.serve(connection)
                            }
                        }
                    }
                } catch is CancellationError {
                    return  // As asked.
                } catch {
                    loop.logger.error("HTTP listener failed", metadata: ["error": "\(error)"])
                }
            }
        } onGracefulShutdown: {
            self.shutDown()
        }
    }

    /// Serves a connection where it begins, then where it goes on.
    private func serve(_ connection: ServedConnection) async {
        if let requests = connection.requests {
            await loop.serve(requests)
        } else {
            try? await connection.channel.closeFuture.get()
        }
        guard let departed = connection.departed?.take() else { return }
        do {
            let arrived = try await ClientBootstrap(group: setUp.loops.away())
                .channelOption(.allowRemoteHalfClosure, value: true)
                .withConnectedSocket(departed.socket) { [setUp] channel in
                    channel.eventLoop.makeCompletedFuture {
                        try setUp.configure(channel, beginning: departed.bytes)
                    }
                }
            guard let arrived, let requests = arrived.requests else { return }
            await withTaskExecutorPreference(executor(of: arrived)) { await loop.serve(requests) }
        } catch {
            loop.logger.trace("Connection did not arrive", metadata: ["error": "\(error)"])
        }
    }

    private func executor(of connection: ServedConnection) -> LoopExecutor? {
        executors.executor(of: connection.channel.eventLoop)
    }

    /// Begins the end and returns at once; harmless when repeated.
    package func shutDown() {
        guard registry.quiesce() else { return }
        listener.channel.close(promise: nil)
        signal.raise()
        listener.channel.eventLoop.scheduleTask(in: limits.shutdownGrace) { [registry] in
            registry.closeAll()
        }
    }
}

extension HTTPServer {
    /// Connections that are served on the near loop now.
    package var nearConnections: Int { setUp.loops.nearConnections }

    /// Returns when every connection is closed, at the latest soon after the grace of ``shutDown()``,
    /// which must have been called.
    ///
    /// ``run()`` may still go on then, with work whose client is gone.
    package func untilIdle() async {
        let clock = ContinuousClock()
        let limit = Duration.nanoseconds(limits.shutdownGrace.nanoseconds) + .milliseconds(500)
        let end = clock.now + limit
        while registry.count > 0, clock.now < end {
            guard (try? await clock.sleep(for: .milliseconds(10))) != nil else { return }
        }
    }
}

/// Why the server could not begin.
package enum HTTPServerError: Error, Sendable, Equatable {
    case cannotListen(host: String, port: Int, reason: String)
}
