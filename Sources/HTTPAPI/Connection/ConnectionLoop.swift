// SPDX-License-Identifier: Apache-2.0
import APIModel
import Logging
import NIOCore
import NIOHTTP1

/// Answers the requests of one connection, one after the other.
struct ConnectionLoop: Sendable {
    typealias Connection = NIOAsyncChannel<IncomingRequest, HTTPServerResponsePart>

    let responder: Responder
    let logger: Logger

    /// Returns when the connection is closed.
    func serve(_ connection: Connection) async {
        do {
            try await connection.executeThenClose { inbound, outbound in
                let outbound = AnswerWriter(connection.channel, outbound)
                for try await incoming in inbound {
                    guard try await answer(incoming, outbound) else { break }
                }
                // Half-closed, so that the client gets what is under way before it sees the end;
                // the guard's linger timer bounds the wait.
                outbound.finish()
                try await connection.channel.closeFuture.get()
            }
        } catch {
            logger.trace("Connection ended", metadata: ["error": "\(error)"])
        }
    }

    /// Returns whether the connection may be used again.
    private func answer(
        _ incoming: IncomingRequest,
        _ outbound: AnswerWriter
    ) async throws -> Bool {
        let request = APIRequest(head: incoming.head, body: incoming.body, makeID: RequestID.make)
        return try await RequestID.$current.withValue(request.id) {
            let keepAlive = incoming.head.isKeepAlive && !incoming.isLast
            return try await answer(request, keepAlive: keepAlive, outbound)
        }
    }

    private func answer(
        _ request: APIRequest,
        keepAlive: Bool,
        _ outbound: AnswerWriter
    ) async throws -> Bool {
        let started = ContinuousClock.now
        let (answer, route) = await responder.respond(to: request)
        let framing = Framing(answer, to: request, keepAlive: keepAlive)
        do {
            try await send(answer, framing, outbound)
        } catch {
            responder.recordCut(request, route: route, status: answer.status, error: error)
            throw error
        }
        responder.record(request, route: route, status: answer.status, since: started)
        return framing.keepsAlive
    }

    /// A whole answer leaves with one flush.
    private func send(
        _ answer: APIResponse,
        _ framing: Framing,
        _ outbound: AnswerWriter
    ) async throws {
        let head = HTTPServerResponsePart.head(framing.head)
        switch answer.body {
        case .bytes(let bytes) where framing.sendsBody && bytes.readableBytes > 0:
            let body = HTTPServerResponsePart.body(.byteBuffer(bytes))
            try await outbound.writeWhole([head, body, .end(nil)])
        case .stream(_, let produce) where framing.sendsBody:
            try await outbound.write(head)
            // A client that went away fails the next write.
            try await answer.work.perform {
                try await produce { part in try await outbound.write(.body(.byteBuffer(part))) }
            }
            try await outbound.write(.end(nil))
        case .bytes, .stream:
            try await outbound.writeWhole([head, .end(nil)])
        }
    }
}

/// How an answer is delimited on the wire.
///
/// - Source: RFC 9112 §6; RFC 9110 §9.3.2 (HEAD), §15.4.5 (304).
struct Framing {
    let head: HTTPResponseHead
    let sendsBody: Bool
    let keepsAlive: Bool

    init(_ answer: APIResponse, to request: APIRequest, keepAlive: Bool) {
        let isHTTP11 = request.version.major == 1 && request.version.minor >= 1
        var headers = answer.headers
        let mayHaveBody = answer.status.mayHaveResponseBody
        sendsBody = mayHaveBody && request.method != .HEAD
        keepsAlive = keepAlive && isHTTP11

        switch answer.body {
        case .bytes(let bytes) where mayHaveBody:
            headers.replaceOrAdd(name: "Content-Length", value: String(bytes.readableBytes))
        case .stream(let length?, _):
            headers.replaceOrAdd(name: "Content-Length", value: String(length))
        case .stream(nil, _) where sendsBody && isHTTP11:
            headers.replaceOrAdd(name: "Transfer-Encoding", value: "chunked")
        case .bytes, .stream:
            break
        }
        if !keepsAlive { headers.replaceOrAdd(name: "Connection", value: "close") }
        headers.replaceOrAdd(name: "Date", value: HTTPDate.now.text)
        headers.replaceOrAdd(name: "Tarn-Request-Id", value: request.id)
        head = HTTPResponseHead(version: .http1_1, status: answer.status, headers: headers)
    }
}
