// SPDX-License-Identifier: Apache-2.0
import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix

/// What a worker answered over HTTP, whole.
package struct WebAnswer: Sendable {
    package var status = 0
    /// Names in lower case.
    package var headers: [String: String] = [:]
    package var body: [UInt8] = []

    package var text: String { String(decoding: body, as: UTF8.self) }

    /// The member `code` of a problem document.
    package var code: String? { json["code"] as? String }

    /// The body as a JSON object; empty where it is none.
    package var json: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:]
    }

    /// The body as one of the API's documents.
    package func document<Document: Decodable>(_ type: Document.Type) throws -> Document {
        do {
            return try JSONDecoder().decode(type, from: Data(body))
        } catch {
            throw TestKitError.failed("\(type): \(error)", output: "\(status) \(text.prefix(2000))")
        }
    }
}

/// Why no whole answer came.
package enum WebError: Error, Sendable {
    case noConnection(String)
    /// The connection broke before the answer was whole.
    case cut(String)
    case timedOut
}

/// Calls one worker; each call has a connection of its own, and the target goes out as it is given.
package struct WebClient: Sendable {
    package let host: String
    package let port: UInt16

    package init(host: String = "127.0.0.1", port: UInt16) {
        self.host = host
        self.port = port
    }

    package func get(
        _ target: String,
        _ headers: [String: String] = [:],
        within limit: Duration = .seconds(60)
    ) async throws(WebError) -> WebAnswer {
        try await call("GET", target, headers, within: limit)
    }

    /// One request and its whole answer.
    ///
    /// - Throws: ``WebError``; an answer of any status is none.
    package func call(
        _ method: String,
        _ target: String,
        _ headers: [String: String] = [:],
        body: String = "",
        within limit: Duration = .seconds(60)
    ) async throws(WebError) -> WebAnswer {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = loop.makePromise(of: WebAnswer.self)
        let channel: any Channel
        do throws(WebError) {
            channel = try await open(loop) { channel in
                try channel.pipeline.syncOperations.addHandler(AnswerCollector(promise))
            }
        } catch {
            promise.fail(error)  // A promise nobody keeps is a programming error to NIO.
            throw error
        }
        let deadline = loop.scheduleTask(in: .nanoseconds(limit.nanoseconds)) {
            promise.fail(WebError.timedOut)
            channel.close(promise: nil)
        }
        defer { deadline.cancel() }
        Self.send(method, target, headers, body, on: channel)
        do {
            return try await promise.futureResult.get()
        } catch let error as WebError {
            throw error
        } catch {
            throw .cut("\(error)")
        }
    }

    /// Opens a stream of lines, such as a watch.
    package func lines(
        _ target: String,
        _ headers: [String: String] = [:]
    ) async throws(WebError) -> WebLines {
        let lines = WebLines()
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let channel = try await open(loop) { channel in
            try channel.pipeline.syncOperations.addHandler(LineCollector(lines))
        }
        lines.attach(channel)
        Self.send("GET", target, headers, "", on: channel)
        return lines
    }

    // MARK: - Parts

    private func open(
        _ loop: any EventLoop,
        _ setUp: @escaping @Sendable (any Channel) throws -> Void
    ) async throws(WebError) -> any Channel {
        do {
            return try await ClientBootstrap(group: loop)
                .connectTimeout(.seconds(10))
                .channelInitializer { channel in
                    channel.eventLoop.makeCompletedFuture {
                        try channel.pipeline.syncOperations.addHTTPClientHandlers()
                        try setUp(channel)
                    }
                }
                .connect(host: host, port: Int(port)).get()
        } catch {
            throw .noConnection("\(error)")
        }
    }

    private static func send(
        _ method: String,
        _ target: String,
        _ headers: [String: String],
        _ body: String,
        on channel: any Channel
    ) {
        var fields = HTTPHeaders([("Host", "tarn"), ("Connection", "close")])
        for (name, value) in headers { fields.add(name: name, value: value) }
        if !body.isEmpty { fields.add(name: "Content-Length", value: "\(body.utf8.count)") }
        let head = HTTPRequestHead(
            version: .http1_1,
            method: HTTPMethod(rawValue: method),
            uri: target,
            headers: fields
        )
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        if !body.isEmpty {
            let bytes = channel.allocator.buffer(string: body)
            channel.write(HTTPClientRequestPart.body(.byteBuffer(bytes)), promise: nil)
        }
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
    }
}

extension Duration {
    /// Whole nanoseconds; an attosecond remainder is dropped.
    package var nanoseconds: Int64 {
        components.seconds * 1_000_000_000 + components.attoseconds / 1_000_000_000
    }
}

private final class AnswerCollector: ChannelInboundHandler {
    typealias InboundIn = HTTPClientResponsePart
    typealias OutboundOut = HTTPClientRequestPart

    private let promise: EventLoopPromise<WebAnswer>
    private var answer = WebAnswer()
    private var content = ByteBuffer()

    init(_ promise: EventLoopPromise<WebAnswer>) { self.promise = promise }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        switch unwrapInboundIn(data) {
        case .head(let head):
            answer.status = Int(head.status.code)
            for (name, value) in head.headers { answer.headers[name.lowercased()] = value }
        case .body(var part): content.writeBuffer(&part)
        case .end:
            answer.body = Array(content.readableBytesView)
            promise.succeed(answer)
            context.close(promise: nil)
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.fail(WebError.cut("\(error)"))
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.fail(WebError.cut("closed after \(content.readableBytes) bytes"))
    }
}
