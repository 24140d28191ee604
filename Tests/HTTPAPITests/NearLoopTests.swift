// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import HTTPAPI
import NIOCore
import NIOEmbedded
import Primitives
import Testing

/// Goal: brief calls are answered where consensus runs, all others are not, and no client notices.
///
/// Method: raw connections, and the server's own count of those that are near.
@Suite(.timeLimit(.minutes(1))) struct NearLoopTests {
    static let world = World(catalog: Sample.catalog(mounts: [("/a", Mount(origin: "s3://a"))]))
    static let brief = "GET /v1/mount?path=/a HTTP/1.1\r\nHost: t\r\n\r\n"
    static let long = "GET /v1/mounts HTTP/1.1\r\nHost: t\r\n\r\n"

    /// Waits until so many connections are near.
    static func expect(near count: Int, _ server: HTTPServer) async throws {
        for _ in 0..<1000 where server.nearConnections != count {
            try await Task.sleep(for: .milliseconds(2))
        }
        #expect(server.nearConnections == count)
    }

    @Test func theFirstLongCallTakesAConnectionAway() async throws {
        try await withServer(Self.world) { client, server in
            try await client.connected { connection in
                for _ in 0..<3 {
                    try await connection.write(Self.brief)
                    #expect(try await connection.answer().json["path"] as? String == "/a")
                    #expect(server.nearConnections == 1)
                }
                for request in [Self.long, Self.brief, Self.long] {
                    try await connection.write(request)
                    let answer = try await connection.answer()
                    #expect(answer.status == 200 && answer.headers["connection"] == nil)
                    try await Self.expect(near: 0, server)
                }
            }
        }
    }

    @Test func aLocalReadAsksConsensusNothing() async throws {
        try await withServer(Self.world) { client, server in
            try await client.connected { connection in
                let target = "/v1/mount?path=/a&consistency=local"
                try await connection.write("GET \(target) HTTP/1.1\r\nHost: t\r\n\r\n")
                #expect(try await connection.answer().json["path"] as? String == "/a")
                try await Self.expect(near: 0, server)
            }
        }
    }

    /// Cut at several bytes, so that the loop reads a request in two parts.
    @Test(arguments: [1, 4, 17, 23, 34, 46]) func aTornRequestIsTakenAlongWhole(
        at cut: Int
    ) async throws {
        try await withServer(Self.world) { client, server in
            try await client.connected { connection in
                let bytes = Array(Self.long.utf8)
                try await connection.write(Self.brief)
                #expect(try await connection.answer().status == 200)
                try await connection.write(Array(bytes[..<min(cut, bytes.count)]))
                try await Task.sleep(for: .milliseconds(5))  // Only makes two reads likely.
                try await connection.write(Array(bytes[min(cut, bytes.count)...]))
                #expect(try await connection.answer().status == 200)
                try await Self.expect(near: 0, server)
            }
        }
    }

    @Test func aBodyIsTakenAlong() async throws {
        try await withServer(Self.world) { client, server in
            try await client.connected { connection in
                let body = #"{"to":"nobody"}"#
                let head = "POST /v1/cluster/transfer-leader HTTP/1.1\r\nHost: t\r\n"
                try await connection.write(head + "Content-Length: \(body.utf8.count)\r\n\r\n")
                try await Self.expect(near: 0, server)
                try await connection.write(body + Self.brief)
                let answer = try await connection.answer()
                #expect(answer.headers["content-type"]?.contains("json") == true)
                #expect(answer.headers["connection"] == nil)
                #expect(try await connection.answer().json["path"] as? String == "/a")
            }
        }
    }

    /// Sent ahead, a long call is taken along while nothing before it is under way; behind a brief one
    /// the loop has its bytes already, and the connection ends with it.
    @Test func callsSentAheadAreAnsweredInOrder() async throws {
        try await withServer(Self.world) { client, server in
            try await client.connected { connection in
                try await connection.write(Self.long + Self.brief + Self.long)
                for _ in 0..<3 {
                    let answer = try await connection.answer()
                    #expect(answer.status == 200 && answer.headers["connection"] == nil)
                }
                #expect(server.nearConnections == 0)
            }
            try await client.connected { connection in
                try await connection.write(Self.brief + Self.long + Self.brief)
                #expect(try await connection.answer().json["path"] as? String == "/a")
                let answer = try await connection.answer()
                #expect(answer.json["items"] != nil)
                #expect(answer.headers["connection"] == "close")
                #expect(await connection.more() == false)
            }
        }
    }

    /// A parser lets any number of blank lines pass: they are not kept.
    @Test func whatIsTakenAlongIsBounded() throws {
        let departure = ConnectionDeparture(.staying, limit: 10_000)
        let kept = try Self.keptByteCounts(by: departure, reads: 1_000)
        #expect(
            kept.prefix(10) == [
                1_000, 2_000, 3_000, 4_000, 5_000, 6_000, 7_000, 8_000, 9_000, 10_000,
            ]
        )
        #expect(kept.max() == 10_000)
    }

    /// What is kept after each of some reads of 1,000 bytes, on a channel of its own.
    private static func keptByteCounts(
        by departure: ConnectionDeparture,
        reads: Int
    ) throws -> [Int] {
        let channel = EmbeddedChannel()
        let pipeline = channel.pipeline.syncOperations
        try pipeline.addHandler(departure)
        let blank = ByteBuffer(string: String(repeating: "\r\n", count: 500))
        var kept: [Int] = []
        for _ in 0..<reads {
            try channel.writeInbound(blank)
            kept.append(departure.keptByteCount)
        }
        return kept
    }

    /// A beginning that the codec holds from before cannot be taken along.
    @Test func aCallWhoseBeginningWasSentAheadStays() async throws {
        try await withServer(Self.world) { client, _ in
            try await client.connected { connection in
                try await connection.write(Self.brief + String(Self.long.prefix(9)))
                #expect(try await connection.answer().json["path"] as? String == "/a")
                try await connection.write(String(Self.long.dropFirst(9)))
                let answer = try await connection.answer()
                #expect(answer.json["items"] != nil)
                #expect(answer.headers["connection"] == "close")
            }
        }
    }

    @Test func onlySoManyAreNear() async throws {
        var limits = HTTPLimits()
        limits.nearConnections = 2
        try await withServer(Self.world, limits: limits) { client, server in
            try await client.connected { first in
                try await first.write(Self.brief)
                _ = try await first.answer()
                try await client.connected { second in
                    try await second.write(Self.brief)
                    _ = try await second.answer()
                    try await client.connected { third in
                        try await third.write(Self.brief)
                        #expect(try await third.answer().status == 200)
                        #expect(server.nearConnections == 2)
                    }
                }
            }
            try await Self.expect(near: 0, server)
        }
    }
}
