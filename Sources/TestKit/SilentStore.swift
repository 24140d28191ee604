// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// An S3 store that answers HEAD, one object of 1 MiB under every key, and to all else nothing at all.
package final class SilentStore: Sendable {
    private let channel: any Channel
    private let unanswered: UnansweredCount

    /// Listens on a free port of 127.0.0.1.
    package init() async throws {
        let unanswered = UnansweredCount()
        self.unanswered = unanswered
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(SilentHandler(unanswered))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
    }

    deinit { channel.close(promise: nil) }

    package var endpoint: String { "http://127.0.0.1:\(channel.localAddress?.port ?? 0)" }

    /// Requests that were left without an answer.
    package var unansweredCount: Int { unanswered.value }
}

private final class UnansweredCount: Sendable {
    private let count = Atomic(0)

    var value: Int { count.load(ordering: .relaxed) }

    func add() { count.add(1, ordering: .relaxed) }
}

private final class SilentHandler: ChannelInboundHandler {
    typealias InboundIn = HTTPServerRequestPart
    typealias OutboundOut = HTTPServerResponsePart

    private let unanswered: UnansweredCount

    init(_ unanswered: UnansweredCount) { self.unanswered = unanswered }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        guard case .head(let request) = unwrapInboundIn(data) else { return }
        guard request.method == .HEAD else { return unanswered.add() }
        let head = HTTPResponseHead(
            version: .http1_1,
            status: .ok,
            headers: [
                "Content-Length": "\(1 << 20)", "ETag": "\"1\"",
                "Last-Modified": "Fri, 01 Jan 2021 00:00:00 GMT",
            ]
        )
        context.write(wrapOutboundOut(.head(head)), promise: nil)
        context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
    }
}
