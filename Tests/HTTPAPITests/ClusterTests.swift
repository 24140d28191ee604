// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import Foundation
import HTTPAPI
import Primitives
import Synchronization
import Testing

@Suite struct ClusterTests {
    @Test func clusterIsDescribedWithoutABarrier() async throws {
        let world = World()
        world.coordination.state.withLock {
            $0.barrierError = .noQuorum(have: 1, need: 2, missing: ["w2"])
        }
        try await withServer(world) { client in
            let answer = try await client.get("/v1/cluster")
            #expect(answer.status == 200)
            #expect(answer.json["cluster"] as? String == "\(Sample.clusterID)")
            #expect(answer.json["term"] as? Int == 4)
            #expect(answer.json["leader"] as? String == "w1")
            #expect(answer.json["quorum"] as? [String: Int] == ["have": 2, "need": 2])
            #expect(answer.json["observers"] as? Int == 1)
            let voters = answer.json["voters"] as? [[String: Any]] ?? []
            #expect(voters.map { $0["name"] as? String } == ["w1", "w2"])
            #expect(voters.map { $0["reachable"] as? Bool } == [true, false])
            let regions = answer.json["regions"] as? [String: [String: Any]]
            #expect(regions?["ap"]?["workers"] as? Int == 2)
            #expect(regions?["ap"]?["settled"] as? Bool == true)
        }
    }

    @Test func workersAreListedAndShown() async throws {
        try await withServer { client in
            let list = try await client.get("/v1/workers?limit=2")
            let items = list.json["items"] as? [[String: Any]] ?? []
            #expect(items.map { $0["name"] as? String } == ["w1", "w2"])
            #expect(list.json["next"] as? String == "w2")
            let rest = try await client.get("/v1/workers?limit=2&after=w2")
            #expect((rest.json["items"] as? [[String: Any]])?.count == 1)
            #expect(rest.json["next"] is String == false)

            let worker = try await client.get("/v1/workers/w1")
            #expect(worker.json["liveness"] as? String == "alive")
            #expect(worker.json["role"] as? String == "voter")
            #expect(worker.json["used"] as? Int == 5)
            #expect(worker.json["state"] as? String == "active")
            let dead = try await client.get("/v1/workers/w2")
            #expect(dead.json["liveness"] as? String == "dead")
            #expect(dead.json["used"] is NSNull && dead.json["pages"] is NSNull, "\(dead.text)")
            #expect(worker.json["epoch"] as? Int == 1)
            #expect(worker.json["startedAt"] as? String == "2023-11-14T22:13:20.000Z")
            let observer = try await client.get("/v1/workers/w3")
            #expect(observer.json["role"] as? String == "observer")
            #expect(try await client.get("/v1/workers/w9").code == "not-found")
            #expect(try await client.get("/v1/workers/w%FF").code == "not-found")
        }
    }

    @Test func ringShowsShares() async throws {
        try await withServer { client in
            let ring = try await client.get("/v1/ring")
            #expect(ring.json["region"] as? String == "ap")
            #expect(ring.headers["tarn-region-epoch"] == "1")
            let workers = ring.json["workers"] as? [[String: Any]] ?? []
            #expect(workers.map { $0["vnodes"] as? Int } == [100, 100])
            let shares = workers.compactMap { $0["share"] as? Double }
            #expect((99.9...100.1).contains(shares.reduce(0, +)))
            #expect(try await client.get("/v1/ring?region=eu").code == "not-found")
        }
    }

    // MARK: - Beginning

    // swift-format-ignore
    static let beforeInit: [(method: String, target: String, status: Int)] = [
        ("GET",    "/healthz",                    200),
        ("GET",    "/readyz",                     503),
        ("GET",    "/metrics",                    200),
        ("GET",    "/v1/cluster",                 503),
        ("POST",   "/v1/cluster/transfer-leader", 503),
        ("GET",    "/v1/workers",                 503),
        ("GET",    "/v1/workers/w1",              503),
        ("GET",    "/v1/mounts",                  503),
        ("GET",    "/v1/mount?path=/a",           503),
        ("PUT",    "/v1/mount?path=/a",           503),
        ("DELETE", "/v1/mount?path=/a",           503),
        ("GET",    "/v1/resolve?path=/a",         503),
        ("GET",    "/v1/watch",                   503),
        ("GET",    "/v1/ring",                    503),
        ("GET",    "/v1/locate?path=/a",          503),
        ("GET",    "/v1/list?path=/a",            503),
        ("GET",    "/v1/files/a",                 503),
        ("GET",    "/v1/openapi.json",            503),
        ("GET",    "/v1/nothing",                 404),
        ("POST",   "/v1/mounts",                  405),
    ]

    @Test(arguments: beforeInit)
    func beforeInitOnlyTheProcessAnswers(
        _ row: (method: String, target: String, status: Int)
    ) async throws {
        let world = World(catalog: Catalog())
        world.coordination.state.withLock { $0.readiness = .waiting(.waitingForInit) }
        try await withServer(world) { client in
            let answer = try await client.request(row.method, row.target)
            #expect(answer.status == row.status)
            if row.status == 503, row.target != "/readyz" {
                #expect(answer.code == "not-initialised")
                #expect(answer.json["next"] as? String == "tarn cluster init")
            }
        }
    }

    @Test(arguments: [
        (Readiness.Reason.waitingForInit, "waiting-for-init"), (.joining, "joining"),
        (.replacing, "replacing"), (.draining, "draining"),
    ])
    func readinessSaysWhatItWaitsFor(_ row: (Readiness.Reason, String)) async throws {
        let world = World()
        try await withServer(world) { client in
            #expect(try await client.get("/readyz").json["ready"] as? Bool == true)
            world.coordination.state.withLock { $0.readiness = .waiting(row.0) }
            let answer = try await client.get("/readyz")
            #expect(answer.status == 503)
            #expect(answer.headers["content-type"] == "application/problem+json")
            #expect(answer.code == row.1)
            #expect(answer.json["waitingFor"] as? String == row.1)
            #expect(answer.json["ready"] as? Bool == false)
        }
    }

    @Test func clusterIsFormed() async throws {
        let world = World(catalog: Catalog())
        try await withServer(world) { client in
            let answer = try await client.request(
                "POST",
                "/v1/cluster/init",
                body: #"{"voters":3,"survive":"region","timing":"wan","timeoutMs":1000}"#
            )
            #expect(answer.status == 200, "\(answer.text)")
            #expect(answer.json["cluster"] as? String == "\(Sample.clusterID)")
            #expect(answer.json["voters"] as? [String] == ["w1", "w2", "w3"])
            let asked = world.coordination.state.withLock { $0.inits }
            #expect(
                asked == [
                    InitialisationRequest(voterCount: 3, survival: .region, timing: .wan)
                ]
            )
        }
    }

    // swift-format-ignore
    static let badInits: [(body: String, says: String)] = [
        (#"{"voter":3}"#,          "did you mean 'voters'?"),
        (#"{"voters":"3"}"#,       "voters: must be a number"),
        (#"{"survive":"regoin"}"#, "did you mean 'region'?"),
        (#"{"timing":"fast"}"#,    "lan, wan"),
        (#"{"timeoutMs":0}"#,      "1...86400000"),
    ]

    @Test(arguments: badInits) func badInitIsRefused(
        _ row: (body: String, says: String)
    ) async throws {
        let world = World(catalog: Catalog())
        try await withServer(world) { client in
            let answer = try await client.request("POST", "/v1/cluster/init", body: row.body)
            #expect(answer.code == "bad-value")
            #expect(answer.text.contains(row.says), "\(answer.text)")
        }
        #expect(world.coordination.state.withLock { $0.inits.isEmpty })
    }

    @Test func secondInitIsUnsafe() async throws {
        let world = World()
        world.coordination.state.withLock { $0.initError = .unsafe("already formed") }
        try await withServer(world) { client in
            let answer = try await client.request("POST", "/v1/cluster/init")
            #expect((answer.status, answer.code) == (409, "unsafe"))
            #expect(answer.json["outcome"] as? String == "not-applied")
        }
    }

    @Test(arguments: [
        ("", nil, "w2"), ("{}", nil, "w2"), (#"{"to":null}"#, nil, "w2"),
        (#"{"to":"w3"}"#, "w3", "w3"),
    ])
    func leadershipIsTransferred(_ row: (body: String, to: String?, leader: String)) async throws {
        let world = World()
        try await withServer(world) { client in
            let answer = try await client.request(
                "POST",
                "/v1/cluster/transfer-leader",
                body: row.body
            )
            #expect(answer.json["leader"] as? String == row.leader)
            #expect(world.coordination.state.withLock { $0.transfers } == [row.to])
            let nobody = try await client.request(
                "POST",
                "/v1/cluster/transfer-leader",
                body: #"{"to":"nobody"}"#
            )
            #expect(nobody.code == "not-found")
        }
    }

    /// Goal: what may still happen is never said not to have happened.
    @Test func anUndertakingThatIsUnfinishedIsUnknown() async throws {
        let world = World()
        world.coordination.state.withLock { state in
            state.initError = .unfinished(.initialisation, "2 of 3 voters have formed the cluster")
            state.transferError = .unfinished(.transfer, "w1 still leads")
        }
        try await withServer(world) { client in
            for (target, next) in [
                ("/v1/cluster/init", "tarn cluster init"),
                ("/v1/cluster/transfer-leader", "tarn cluster status"),
            ] {
                let answer = try await client.request("POST", target)
                #expect((answer.status, answer.code) == (504, "timeout"))
                #expect(answer.json["outcome"] as? String == "unknown")
                #expect(answer.json["next"] as? String == next)
            }
        }
    }
}
