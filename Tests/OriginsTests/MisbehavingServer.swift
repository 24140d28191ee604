// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOPosix
import Synchronization

/// An HTTP server that answers each request with the next line of a script, right or wrong.
final class MisbehavingServer: Sendable {
    /// What happens to one request.
    enum Act: Sendable {
        /// These bytes, connection kept.
        case send(String)
        /// These bytes, then the connection is closed.
        case sendAndClose(String)
        /// These bytes, then nothing.
        case sendAndHang(String)
        /// The connection is closed without an answer.
        case close
        /// The first text at once, then the second so many times, with a pause before each.
        case drip(String, String, count: Int, every: TimeAmount)
    }

    let endpoint: String
    private let channel: any Channel
    private let script: Script

    /// Plays `acts` in turn, the last one for ever.
    init(_ acts: [Act]) async throws {
        let script = Script(acts)
        self.script = script
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(ScriptHandler(script))
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        endpoint = "http://127.0.0.1:\(channel.localAddress?.port ?? 0)"
    }

    /// Heads of all requests so far, as they came.
    var requests: [String] { script.requests }

    func close() async throws { try await channel.close() }

    fileprivate final class Script: Sendable {
        private let state: Mutex<(acts: [Act], requests: [String])>

        init(_ acts: [Act]) { state = Mutex((acts, [])) }

        var requests: [String] { state.withLock(\.requests) }

        func next(_ request: String) -> Act {
            state.withLock { state in
                state.requests.append(request)
                let act = state.acts.first ?? .close
                if state.acts.count > 1 { state.acts.removeFirst() }
                return act
            }
        }
    }
}

/// Cuts requests without a body at their empty line.
private final class ScriptHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private let script: MisbehavingServer.Script
    private var received = ""

    init(_ script: MisbehavingServer.Script) { self.script = script }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        received += String(buffer: unwrapInboundIn(data))
        while let end = received.firstRange(of: "\r\n\r\n") {
            let head = String(received[..<end.lowerBound])
            received = String(received[end.upperBound...])
            perform(script.next(head), context)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    private func perform(_ act: MisbehavingServer.Act, _ context: ChannelHandlerContext) {
        switch act {
        case .send(let text), .sendAndHang(let text):
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
        case .sendAndClose(let text):
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: text)), promise: nil)
            context.close(promise: nil)
        case .close:
            context.close(promise: nil)
        case .drip(let head, let text, let count, let pause):
            context.writeAndFlush(wrapOutboundOut(ByteBuffer(string: head)), promise: nil)
            drip(text, count, pause, to: context.channel)
        }
    }

    private func drip(_ text: String, _ count: Int, _ pause: TimeAmount, to channel: any Channel) {
        guard count > 0 else { return }
        channel.eventLoop.assumeIsolated().scheduleTask(in: pause) {
            guard channel.isActive else { return }
            channel.writeAndFlush(ByteBuffer(string: text), promise: nil)
            self.drip(text, count - 1, pause, to: channel)
        }
    }
}
