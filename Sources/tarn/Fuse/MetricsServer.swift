// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOPosix
import Telemetry

/// Serves one process's metrics: `GET /metrics`, everything else is 404.
///
/// For `tarn fuse`, which has no HTTP API. At most 64 connections, each closed after its answer and
/// after ten seconds at the latest.
final class MetricsServer: Sendable {
    private static let connectionLimit = 64

    private let channel: any Channel
    let port: Int

    private init(channel: any Channel) {
        self.channel = channel
        port = channel.localAddress?.port ?? 0
    }

    /// Listens; port 0 takes a free one.
    static func start(
        host: String,
        port: Int,
        group: any EventLoopGroup,
        registry: MetricRegistry
    ) async throws(CommandFailure) -> MetricsServer {
        let bootstrap = ServerBootstrap(group: group)
            .serverChannelOption(.backlog, value: Int32(connectionLimit))
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(
                        MetricsHandler(registry: registry)
                    )
                    let deadline = channel.eventLoop.scheduleTask(in: .seconds(10)) {
                        channel.close(promise: nil)
                    }
                    channel.closeFuture.whenComplete { _ in deadline.cancel() }
                }
            }
        do {
            return MetricsServer(channel: try await bootstrap.bind(host: host, port: port).get())
        } catch {
            throw .local("--metrics \(host):\(port): \(error)")
        }
    }

    func stop() async { try? await channel.close() }
}

/// One connection, one answer.
private final class MetricsHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let registry: MetricRegistry
    private var isScrape = false

    init(registry: MetricRegistry) { self.registry = registry }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            isScrape = head.method == .GET && head.uri.prefix { $0 != "?" } == "/metrics"
        case .body: break
        case .end: answer(context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func answer(_ context: ChannelHandlerContext) {
        let text = isScrape ? registry.expositionText() : "only /metrics is here\n"
        var head = HTTPResponseHead(version: .http1_1, status: isScrape ? .ok : .notFound)
        head.headers.add(name: "Content-Type", value: "text/plain; version=0.0.4; charset=utf-8")
        head.headers.add(name: "Content-Length", value: "\(text.utf8.count)")
        head.headers.add(name: "Connection", value: "close")
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        let body = context.channel.allocator.buffer(string: text)
        context.write(wrapOutboundOut(.body(.byteBuffer(body))), promise: nil)
        let loopBound = NIOLoopBound(context, eventLoop: context.eventLoop)
        context.writeAndFlush(wrapOutboundOut(.end(nil))).whenComplete { _ in
            loopBound.value.close(promise: nil)
        }
    }
}
