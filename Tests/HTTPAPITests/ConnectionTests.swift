// SPDX-License-Identifier: Apache-2.0
import HTTPAPI
import InMemoryLogging
import Logging
import NIOCore
import Primitives
import Synchronization
import Telemetry
import Testing

@Suite(.timeLimit(.minutes(1))) struct ConnectionTests {
    // swift-format-ignore
    static let garbage: [(name: String, bytes: [UInt8], status: Int)] = [
        ("TLS hello",        [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03, 0x03], 400),
        ("zeros",            [UInt8](repeating: 0, count: 4096),                                 400),
        ("words",            Array("hello there, how are you?\r\n\r\n".utf8),                    400),
        ("no version",       Array("GET /healthz\r\n\r\n".utf8),                                 400),
        ("two lengths",      Array("GET / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n".utf8), 400),
        ("length and chunks", Array("PUT / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n".utf8), 400),
        ("bad chunk",        Array("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nxyz\r\n".utf8), 400),
        ("endless header",   Array("GET / HTTP/1.1\r\nA: \(String(repeating: "a", count: 40_000))".utf8), 431),
        ("many headers",     Array(("GET / HTTP/1.1\r\n" + (0..<300).map { "A\($0): b\r\n" }.joined() + "\r\n").utf8), 431),
        ("endless target",   Array("GET /\(String(repeating: "a", count: 40_000)) HTTP/1.1\r\n\r\n".utf8), 431),
        ("large body",       Array("PUT /v1/mount?path=/a HTTP/1.1\r\nHost: t\r\nContent-Length: 70000\r\n\r\n".utf8), 413),
        ("large chunks",     Array(("PUT / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n11170\r\n" + String(repeating: "a", count: 70_000)).utf8), 413),
    ]

    @Test(arguments: garbage)
    func garbageIsRefused(_ row: (name: String, bytes: [UInt8], status: Int)) async throws {
        let world = World()
        try await withServer(world) { client in
            let answer = try await client.connected { connection in
                try await connection.write(row.bytes)
                return try await connection.answer()
            }
            #expect(answer.status == row.status, "\(row.name)")
            #expect(answer.headers["content-type"] == "application/problem+json")
            #expect(answer.headers["connection"] == "close")
            #expect(try await client.get("/healthz").status == 200)
        }
        let line = "tarn_http_requests_total{route=\"none\",status=\"\(row.status)\"} 1"
        #expect(world.metrics.expositionText().contains(line))
    }

    @Test func slowHeadIsTimedOut() async throws {
        var limits = HTTPLimits()
        limits.headDeadline = .milliseconds(800)
        try await withServer(limits: limits) { client in
            let answer = try await client.send("GET /healthz HT")
            #expect(answer.status == 408)
            try await client.connected { silent in
                #expect(await silent.more(), "a silent connection is told as well")
                while await silent.more() {}
            }
        }
    }

    @Test func slowBodyIsTimedOut() async throws {
        var limits = HTTPLimits()
        limits.bodyDeadline = .milliseconds(100)
        try await withServer(limits: limits) { client in
            let answer = try await client.send(
                "PUT /v1/mount?path=/a HTTP/1.1\r\nHost: t\r\nContent-Length: 10\r\n\r\n{"
            )
            #expect(answer.status == 408)
        }
    }

    @Test func idleConnectionIsClosed() async throws {
        var limits = HTTPLimits()
        limits.idleDeadline = .milliseconds(100)
        try await withServer(limits: limits) { client in
            try await client.connected { connection in
                try await connection.write("GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n")
                #expect(try await connection.answer().status == 200)
                #expect(await connection.more() == false)
            }
        }
    }

    @Test func connectionsAreBounded() async throws {
        var limits = HTTPLimits()
        limits.connections = 1
        try await withServer(limits: limits) { client in
            try await client.connected { first in
                try await first.write("GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n")
                #expect(try await first.answer().status == 200)
                let second = try await client.connected { try await $0.answer() }
                #expect((second.status, second.code) == (429, "overloaded"))
                #expect(second.headers["retry-after"] == "1")
                try await first.write("GET /healthz HTTP/1.1\r\nHost: t\r\n\r\n")
                #expect(try await first.answer().status == 200, "the first is unharmed")
            }
        }
    }

    @Test func requestsOnOneConnectionAreAnsweredInOrder() async throws {
        try await withServer { client in
            try await client.connected { connection in
                try await connection.write(
                    "GET /healthz HTTP/1.1\r\nHost: t\r\nTarn-Request-Id: one\r\n\r\n"
                        + "GET /none HTTP/1.1\r\nHost: t\r\nTarn-Request-Id: two\r\n\r\n"
                        + "HEAD /healthz HTTP/1.1\r\nHost: t\r\nTarn-Request-Id: three\r\n\r\n"
                )
                let first = try await connection.answer()
                #expect((first.status, first.headers["tarn-request-id"]) == (200, "one"))
                let second = try await connection.answer()
                #expect((second.status, second.headers["tarn-request-id"]) == (404, "two"))
                let third = try await connection.answer(to: "HEAD")
                #expect((third.status, third.headers["tarn-request-id"]) == (200, "three"))
            }
        }
    }

    /// Goal: a client that says it is done sending, as `nc` does, still gets all of a large answer.
    @Test func halfClosedClientGetsItsAnswer() async throws {
        let bytes = [UInt8](repeating: 7, count: 5 << 20)
        let world = World()
        world.files.state.withLock { $0.files["/f"] = bytes }
        try await withServer(world) { client in
            let answer = try await client.connected { connection in
                try await connection.channel.setOption(.allowRemoteHalfClosure, value: true).get()
                try await connection.write("GET /v1/files/f HTTP/1.1\r\nHost: t\r\n\r\n")
                try await connection.channel.close(mode: .output).get()
                return try await connection.answer()
            }
            #expect(answer.body.count == bytes.count)
        }
    }

    @Test func bodyIsAskedForWhenExpected() async throws {
        try await withServer { client in
            try await client.connected { connection in
                try await connection.write(
                    "PUT /v1/mount?path=/a HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\n"
                        + "Content-Length: 19\r\n\r\n"
                )
                #expect(try await connection.head().status == 100)
                try await connection.write(#"{"origin":"s3://b"}"#)
                #expect(try await connection.answer().status == 201)
            }
        }
    }

    @Test func oldClientsGetACloseDelimitedAnswer() async throws {
        try await withServer { client in
            let answer = try await client.send("GET /healthz HTTP/1.0\r\n\r\n")
            #expect(answer.status == 200)
            #expect(answer.headers["connection"] == "close")
        }
    }

    // swift-format-ignore
    static let methods: [(method: String, target: String, allow: String)] = [
        ("POST",    "/healthz",          "GET, HEAD"),
        ("DELETE",  "/v1/mounts",        "GET, HEAD"),
        ("POST",    "/v1/mount?path=/a", "GET, HEAD, PUT, DELETE"),
        ("GET",     "/v1/cluster/init",  "POST"),
        ("PUT",     "/v1/files/a",       "GET, HEAD"),
        ("OPTIONS", "/v1/watch",         "GET, HEAD"),
    ]

    @Test(arguments: methods)
    func wrongMethodNamesTheRight(
        _ row: (method: String, target: String, allow: String)
    ) async throws {
        try await withServer { client in
            let answer = try await client.request(row.method, row.target)
            #expect((answer.status, answer.code) == (405, "method-not-allowed"))
            #expect(answer.headers["allow"] == row.allow)
        }
    }

    // MARK: - Books

    @Test func requestIDIsKeptOrMade() async throws {
        let world = World()
        try await withServer(world) { client in
            let kept = try await client.get("/v1/none", ["Tarn-Request-Id": "trace 7/abc"])
            #expect(kept.headers["tarn-request-id"] == "trace 7/abc")
            let long = String(repeating: "x", count: 129)
            let made = try await client.get("/v1/none", ["Tarn-Request-Id": long])
            #expect(made.headers["tarn-request-id"]?.utf8.count == 16)
        }
        let ids = world.log.entries.compactMap { $0.metadata["request.id"]?.description }
        #expect(ids.contains("trace 7/abc"))
        #expect(ids.count == 2)
    }

    @Test func requestsAreCountedByRoute() async throws {
        let world = World()
        world.files.state.withLock { $0.files["/f"] = [1] }
        try await withServer(world) { client in
            _ = try await client.get("/v1/files/f")
            _ = try await client.get("/v1/files/f")
            _ = try await client.get("/v1/workers/w1")
            for index in 0..<20 { _ = try await client.get("/v1/odd\(index)") }
        }
        let text = world.metrics.expositionText()
        for line in [
            #"tarn_http_requests_total{route="/v1/files/{path}",status="200"} 2"#,
            #"tarn_http_requests_total{route="/v1/workers/{name}",status="200"} 1"#,
            #"tarn_http_requests_total{route="none",status="404"} 20"#,
        ] {
            #expect(text.contains(line), "\(line)")
        }
    }

    @Test func metricsAreServed() async throws {
        try await withServer { client in
            let answer = try await client.get("/metrics")
            #expect(answer.headers["content-type"] == "text/plain; version=0.0.4; charset=utf-8")
            #expect(answer.text.contains("# TYPE tarn_http_requests_total counter"))
        }
    }

    // MARK: - The end

    @Test func shutdownLetsARequestEnd() async throws {
        let world = World()
        let server = try await HTTPServer.bind(
            host: "127.0.0.1",
            port: 0,
            dependencies: world.dependencies
        )
        let client = RawClient(port: server.port)
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { await server.run() }
            try await client.connected { connection in
                try await connection.write(
                    "PUT /v1/mount?path=/a HTTP/1.1\r\nHost: t\r\nExpect: 100-continue\r\n"
                        + "Content-Length: 19\r\n\r\n"
                )
                #expect(try await connection.head().status == 100)
                server.shutDown()
                try await connection.write(#"{"origin":"s3://b"}"#)
                let answer = try await connection.answer()
                #expect(answer.status == 201)
                #expect(answer.headers["connection"] == "close")
                #expect(await connection.more() == false)
            }
        }
        await #expect(throws: (any Error).self) { try await client.get("/healthz") }
    }

    @Test func takenPortIsNamed() async throws {
        try await withServer { client in
            await #expect(throws: HTTPServerError.self) {
                _ = try await HTTPServer.bind(
                    host: "127.0.0.1",
                    port: client.port,
                    dependencies: World().dependencies
                )
            }
        }
    }
}
