// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import Foundation
import HTTPAPI
import Primitives
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct WatchTests {
    static let catalog = Sample.catalog(mounts: [("/data/a", Mount(origin: "s3://a"))])

    /// Waits until the server has asked for a watch.
    static func events(
        of world: World
    ) async throws -> AsyncStream<WatchEvent>.Continuation {
        for _ in 0..<2000 {
            if let found = world.coordination.state.withLock({ $0.events.first }) { return found }
            try await Task.sleep(for: .milliseconds(2))
        }
        throw RawClientError.nothingCame
    }

    static func object(_ line: [UInt8]?) -> [String: Any] {
        let parsed = line.flatMap { try? JSONSerialization.jsonObject(with: Data($0)) }
        return parsed as? [String: Any] ?? [:]
    }

    @Test func eventsAreLines() async throws {
        let world = World(catalog: Self.catalog)
        try await withServer(world) { client in
            try await client.connected { connection in
                try await connection.write(
                    "GET /v1/watch?state=true&prefix=mounts/ HTTP/1.1\r\nHost: t\r\n\r\n"
                )
                let head = try await connection.head()
                #expect(head.status == 200)
                #expect(head.headers["content-type"] == "application/x-ndjson")
                let events = try await Self.events(of: world)

                for live in Self.catalog.liveKeys(prefix: "mounts/") {
                    guard let value = live.value else { continue }
                    events.yield(.state(key: live.key, value: value, revision: live.revision))
                }
                let state = Self.object(await connection.chunk())
                #expect(state["type"] as? String == "state")
                #expect(state["key"] as? String == "mounts//data/a")
                #expect((state["value"] as? [String: Any])?["origin"] as? String == "s3://a")

                events.yield(.progress(Revision(2)))
                let progress = Self.object(await connection.chunk())
                #expect(progress["type"] as? String == "progress")
                #expect(progress["revision"] as? Int == 2)

                events.yield(
                    .change(
                        CatalogChange(
                            revision: Revision(3),
                            key: "mounts//data/a",
                            value: nil,
                            hasMore: true
                        )
                    )
                )
                let gone = Self.object(await connection.chunk())
                #expect(gone["type"] as? String == "delete")
                #expect(gone["value"] is NSNull)
                #expect(gone["more"] as? Bool == true)

                events.yield(.closed(resumeFrom: Revision(3)))
                events.finish()
                let closed = Self.object(await connection.chunk())
                #expect(closed["type"] as? String == "closed")
                #expect(closed["resumeFrom"] as? Int == 3)
                #expect(await connection.chunk() == [])
            }
        }
        let asked = world.coordination.state.withLock { $0.watches }
        #expect(asked == [WatchRequest(from: nil, includesState: true, prefix: "mounts/")])
    }

    /// Goal: every key space carries the shape of its document.
    @Test func everyKeySpaceHasItsShape() async throws {
        let world = World(catalog: Self.catalog)
        try await withServer(world) { client in
            try await client.connected { connection in
                try await connection.write("GET /v1/watch?from=1 HTTP/1.1\r\nHost: t\r\n\r\n")
                _ = try await connection.head()
                let events = try await Self.events(of: world)
                var members: [String: String] = [
                    "mounts//data/a": "metadataTtl", "workers/w1": "addresses",
                    "rings/ap": "previous", "rings/us": "previous", "voters": "featureLevel",
                    "workers/w2": "zone", "workers/w3": "capacity",
                ]
                for live in Self.catalog.liveKeys(prefix: "") {
                    events.yield(.change(live))
                    let line = Self.object(await connection.chunk())
                    let key = line["key"] as? String ?? ""
                    #expect(line["type"] as? String == "put")
                    let expected = members.removeValue(forKey: key)
                    let member = try #require(expected, "\(key)")
                    #expect((line["value"] as? [String: Any])?.keys.contains(member) == true)
                }
                #expect(members.isEmpty)
                events.finish()
            }
        }
    }

    // swift-format-ignore
    static let refused: [(query: String, code: String)] = [
        ("from=x",              "bad-value"),
        ("from=-1",             "bad-value"),
        ("from=1&state=true",   "bad-value"),
        ("state=yes",           "bad-value"),
        ("form=1",              "bad-value"),
    ]

    @Test(arguments: refused) func badParameterIsRefused(
        _ row: (query: String, code: String)
    )
        async throws
    {
        try await withServer { client in
            let answer = try await client.get("/v1/watch?\(row.query)")
            #expect(answer.code == row.code)
        }
    }

    @Test func compactedNamesTheOldest() async throws {
        let world = World()
        world.coordination.state.withLock { $0.watchError = .compacted(oldest: Revision(40)) }
        try await withServer(world) { client in
            let answer = try await client.get("/v1/watch?from=3")
            #expect((answer.status, answer.code) == (410, "compacted"))
            #expect(answer.json["oldest"] as? Int == 40)
        }
    }

    /// Goal: a watcher is told where to go on when the server goes away.
    @Test func shutdownClosesWithAPlaceToResume() async throws {
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
                try await connection.write("GET /v1/watch HTTP/1.1\r\nHost: t\r\n\r\n")
                _ = try await connection.head()
                let events = try await Self.events(of: world)
                events.yield(.progress(Revision(7)))
                #expect(await connection.chunk() != nil)
                server.shutDown()
                let closed = Self.object(await connection.chunk())
                #expect(closed["resumeFrom"] as? Int == 8)
                #expect(await connection.chunk() == [])
            }
        }
    }

    @Test func headOfAWatchEndsAtOnce() async throws {
        try await withServer { client in
            let answer = try await client.request("HEAD", "/v1/watch")
            #expect(answer.status == 200)
            #expect(answer.headers["transfer-encoding"] == nil)
        }
    }
}
