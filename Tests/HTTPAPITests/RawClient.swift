// SPDX-License-Identifier: Apache-2.0
import Foundation
import HTTPAPI
import NIOCore
import NIOPosix
import Testing

/// One answer as it came over the wire.
struct RawAnswer: Sendable {
    var status = 0
    /// Names in lower case.
    var headers: [String: String] = [:]
    var body: [UInt8] = []
    /// The connection ended before the body was whole.
    var isCut = false

    var text: String { String(decoding: body, as: UTF8.self) }

    var json: [String: Any] {
        (try? JSONSerialization.jsonObject(with: Data(body))) as? [String: Any] ?? [:]
    }

    var code: String? { json["code"] as? String }
}

enum RawClientError: Error { case nothingCame, tooMuch }

/// Speaks bytes: odd targets, half requests and garbage included.
struct RawClient: Sendable {
    let port: Int

    /// Sends `text` on a connection of its own and reads one answer.
    func send(_ text: String, to method: String = "GET") async throws -> RawAnswer {
        try await connected { connection in
            try await connection.write(text)
            return try await connection.answer(to: method)
        }
    }

    func request(
        _ method: String,
        _ target: String,
        _ headers: [String: String] = [:],
        body: String = ""
    ) async throws -> RawAnswer {
        var lines = ["\(method) \(target) HTTP/1.1", "Host: tarn", "Connection: close"]
        lines += headers.sorted { $0.key < $1.key }.map { "\($0.key): \($0.value)" }
        if !body.isEmpty { lines.append("Content-Length: \(body.utf8.count)") }
        return try await send(lines.joined(separator: "\r\n") + "\r\n\r\n" + body, to: method)
    }

    func get(_ target: String, _ headers: [String: String] = [:]) async throws -> RawAnswer {
        try await request("GET", target, headers)
    }

    func connected<Result: Sendable>(
        _ body: @Sendable (inout RawConnection) async throws -> Result
    ) async throws -> Result {
        let channel = try await ClientBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .connect(host: "127.0.0.1", port: port) { channel in
                channel.eventLoop.makeCompletedFuture {
                    try NIOAsyncChannel<ByteBuffer, ByteBuffer>(
                        wrappingChannelSynchronously: channel
                    )
                }
            }
        return try await channel.executeThenClose { inbound, outbound in
            var connection = RawConnection(
                channel: channel.channel,
                inbound: inbound.makeAsyncIterator(),
                outbound: outbound
            )
            return try await body(&connection)
        }
    }
}

/// An open connection; what was read and not used yet stays in `buffered`.
struct RawConnection {
    let channel: any Channel
    var inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator
    let outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    var buffered: [UInt8] = []

    init(
        channel: any Channel,
        inbound: NIOAsyncChannelInboundStream<ByteBuffer>.AsyncIterator,
        outbound: NIOAsyncChannelOutboundWriter<ByteBuffer>
    ) {
        self.channel = channel
        self.inbound = inbound
        self.outbound = outbound
    }

    func write(_ text: String) async throws { try await outbound.write(ByteBuffer(string: text)) }

    func write(_ bytes: [UInt8]) async throws { try await outbound.write(ByteBuffer(bytes: bytes)) }

    /// `false` at the end of the connection, in order or not.
    mutating func more() async -> Bool {
        guard let part = try? await inbound.next(isolation: #isolation) else { return false }
        buffered += Array(part.readableBytesView)
        return true
    }

    /// Reads one answer, framed as its headers say.
    mutating func answer(to method: String = "GET") async throws -> RawAnswer {
        var answer = try await head()
        guard method != "HEAD", ![204, 304].contains(answer.status), answer.status >= 200 else {
            return answer
        }
        if let length = answer.headers["content-length"].flatMap({ Int($0) }) {
            while buffered.count < length {
                guard await more() else {
                    answer.isCut = true
                    break
                }
            }
            answer.body = Array(buffered.prefix(length))
            buffered.removeFirst(min(length, buffered.count))
        } else if answer.headers["transfer-encoding"] == "chunked" {
            while let chunk = await chunk() {
                guard !chunk.isEmpty else { return answer }
                answer.body += chunk
            }
            answer.isCut = true
        } else {
            while await more() {}
            answer.body = buffered
        }
        return answer
    }

    /// Status line and headers.
    mutating func head() async throws -> RawAnswer {
        var answer = RawAnswer()
        guard let text = await line() else { throw RawClientError.nothingCame }
        answer.status = Int(text.split(separator: " ").dropFirst().first ?? "") ?? 0
        while let header = await line(), !header.isEmpty {
            let parts = header.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            answer.headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        return answer
    }

    /// One chunk; empty for the last, `nil` where the connection ended before.
    mutating func chunk() async -> [UInt8]? {
        guard let size = await line().flatMap({ Int($0, radix: 16) }) else { return nil }
        while buffered.count < size + 2 {
            guard await more() else { return nil }
        }
        let bytes = Array(buffered.prefix(size))
        buffered.removeFirst(size + 2)
        return bytes
    }

    private mutating func line() async -> String? {
        while true {
            if let end = buffered.firstIndex(of: 0x0A) {
                let text = String(decoding: buffered[..<end], as: UTF8.self)
                buffered.removeFirst(end + 1)
                return text.hasSuffix("\r")
                    ? String(text.dropLast()) : text.replacing("\r", with: "")
            }
            guard await more() else { return nil }
        }
    }
}

/// Runs a server over `world` for the length of `body`.
func withServer(
    _ world: World = World(),
    limits: HTTPLimits = HTTPLimits(),
    _ body: @Sendable (RawClient) async throws -> Void
) async throws {
    try await withServer(world, limits: limits) { client, _ in try await body(client) }
}

/// Where consensus would run.
private let nearLoop = MultiThreadedEventLoopGroup(numberOfThreads: 1).any()

/// Runs `body` beside a server of which it sees more than clients do.
///
/// With a near loop, as workers have: most tests' connections begin there and leave it.
func withServer(
    _ world: World = World(),
    limits: HTTPLimits = HTTPLimits(),
    _ body: @Sendable (RawClient, HTTPServer) async throws -> Void
) async throws {
    var limits = limits
    limits.shutdownGrace = .milliseconds(500)
    limits.lingerDeadline = .milliseconds(200)
    let server = try await HTTPServer.bind(
        host: "127.0.0.1",
        port: 0,
        dependencies: world.dependencies,
        limits: limits,
        near: nearLoop
    )
    try await withThrowingTaskGroup(of: Void.self) { group in
        group.addTask { await server.run() }
        defer { server.shutDown() }
        try await body(RawClient(port: server.port), server)
    }
}
