// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOHTTP1
import NIOPosix
import Synchronization

/// What a worker was asked.
struct Asked: Sendable {
    let method: String
    let target: String
    let headers: HTTPHeaders
    let body: String

    var line: String { "\(method) \(target)" }

    /// The first value of a header.
    func header(_ name: String) -> String? { headers.first(name: name) }
}

/// What a fake worker does with a request.
indirect enum FakeAnswer: Sendable {
    case json(Int, String, headers: [(String, String)] = [])
    /// A file, or the part of it that the request's `Range` names.
    case file([UInt8], version: String, breaksAfter: Int? = nil)
    /// Closes the connection without a word.
    case broken
    /// Never answers.
    case silence
    /// Stops listening, then does this and closes the connection: a process that ends.
    case last(FakeAnswer)

    static func problem(
        _ status: Int,
        _ code: String,
        outcome: String? = nil,
        headers: [(String, String)] = []
    ) -> Self {
        let end = outcome.map { #","outcome":"\#($0)""# } ?? ""
        return .json(
            status,
            #"{"type":"about:blank","title":"T","status":\#(status),"code":"\#(code)","detail":"d""#
                + "\(end)}",
            headers: headers
        )
    }
}

/// An HTTP server on loopback that answers as a test tells it to: the other end of the real client.
final class FakeWorker: Sendable {
    typealias Script = @Sendable (Asked, _ number: Int) -> FakeAnswer

    private let channel: any Channel
    private let log: Log

    final class Log: Sendable {
        let asked = Mutex<[Asked]>([])
    }

    /// Every request so far, in the order of arrival.
    var asked: [Asked] { log.asked.withLock { $0 } }

    let port: Int
    var address: String { "127.0.0.1:\(port)" }

    /// The script is called with each request and how many came before it.
    init(port: Int = 0, _ script: @escaping Script) async throws {
        let log = Log()
        self.log = log
        channel = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .serverChannelOption(.socketOption(.so_reuseaddr), value: 1)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.configureHTTPServerPipeline()
                    try channel.pipeline.syncOperations.addHandler(Handler(log, script))
                }
            }
            .bind(host: "127.0.0.1", port: port).get()
        self.port = channel.localAddress?.port ?? 0
    }

    func stop() async { try? await channel.close() }

    /// Returns when an answer was the last one.
    func untilItRefuses() async { try? await channel.closeFuture.get() }

    private final class Handler: ChannelInboundHandler {
        typealias InboundIn = HTTPServerRequestPart
        typealias OutboundOut = HTTPServerResponsePart

        private let log: Log
        private let script: Script
        private var head: HTTPRequestHead?
        private var body = ByteBuffer()

        init(_ log: Log, _ script: @escaping Script) {
            (self.log, self.script) = (log, script)
        }

        func channelRead(context: ChannelHandlerContext, data: NIOAny) {
            switch unwrapInboundIn(data) {
            case .head(let head):
                self.head = head
                body.clear()
            case .body(var piece):
                body.writeBuffer(&piece)
            case .end:
                guard let head else { return }
                let asked = Asked(
                    method: head.method.rawValue,
                    target: head.uri,
                    headers: head.headers,
                    body: String(buffer: body)
                )
                let number = log.asked.withLock { list in
                    list.append(asked)
                    return list.count - 1
                }
                perform(script(asked, number), asked, context)
            }
        }

        private func perform(
            _ answer: FakeAnswer,
            _ asked: Asked,
            _ context: ChannelHandlerContext
        ) {
            switch answer {
            case .silence:
                break
            case .broken:
                context.close(promise: nil)
            case .last(let answer):
                let child = context.channel
                let farewell = NIOLoopBound((self, context), eventLoop: context.eventLoop)
                child.parent?.close().hop(to: child.eventLoop).whenComplete { _ in
                    let (handler, context) = farewell.value
                    handler.perform(answer, asked, context)
                    context.close(promise: nil)
                }
            case .json(let status, let text, let extra):
                var headers = HTTPHeaders(extra)
                headers.add(name: "Content-Length", value: String(text.utf8.count))
                let isBodiless = asked.method == "HEAD"
                send(status, headers, isBodiless ? [] : Array(text.utf8), context)
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            case .file(let bytes, let version, let breaksAfter):
                sendFile(bytes, version, breaksAfter, asked, context)
            }
        }

        private func sendFile(
            _ bytes: [UInt8],
            _ version: String,
            _ breaksAfter: Int?,
            _ asked: Asked,
            _ context: ChannelHandlerContext
        ) {
            let range = Self.range(asked.headers.first(name: "Range"), of: bytes.count)
            let part = Array(bytes[(range ?? 0..<bytes.count)])
            var headers: HTTPHeaders = [
                "Content-Length": String(part.count), "ETag": "\"\(version)\"",
                "Last-Modified": "Sun, 06 Nov 1994 08:49:37 GMT",
            ]
            if let range {
                let text = "bytes \(range.lowerBound)-\(range.upperBound - 1)/\(bytes.count)"
                headers.add(name: "Content-Range", value: text)
            }
            let isBodiless = asked.method == "HEAD"
            let sent = isBodiless ? [] : Array(part.prefix(breaksAfter ?? part.count))
            send(range == nil ? 200 : 206, headers, sent, context)
            if breaksAfter != nil {
                context.close(promise: nil)
            } else {
                context.writeAndFlush(wrapOutboundOut(.end(nil)), promise: nil)
            }
        }

        private func send(
            _ status: Int,
            _ headers: HTTPHeaders,
            _ body: [UInt8],
            _ context: ChannelHandlerContext
        ) {
            let head = HTTPResponseHead(
                version: .http1_1,
                status: HTTPResponseStatus(statusCode: status),
                headers: headers
            )
            context.write(wrapOutboundOut(.head(head)), promise: nil)
            context.writeAndFlush(
                wrapOutboundOut(.body(.byteBuffer(ByteBuffer(bytes: body)))),
                promise: nil
            )
        }

        private static func range(_ text: String?, of count: Int) -> Range<Int>? {
            guard let text, text.hasPrefix("bytes=") else { return nil }
            let bounds = text.dropFirst("bytes=".count)
                .split(separator: "-", omittingEmptySubsequences: false)
            guard let first = Int(bounds[0]), first < count else { return nil }
            return first..<min(count, (Int(bounds[1]) ?? count - 1) + 1)
        }
    }
}
