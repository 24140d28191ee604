// SPDX-License-Identifier: Apache-2.0
import APIModel
import CatalogCore
import Coordination
import Foundation
import Primitives
import Synchronization
import Testing

/// Workers that leave, rings, jobs: what is asked, answered and refused.
@Suite struct ElasticRouteTests {
    static func world() -> World { World(catalog: Sample.catalog(mounts: [])) }

    struct Request: Sendable, CustomTestStringConvertible {
        let method: String
        let target: String
        let body: String
        let status: Int
        let code: String?

        init(
            _ method: String,
            _ target: String,
            _ body: String,
            _ status: Int,
            _ code: String? = nil
        ) {
            self.method = method
            self.target = target
            self.body = body
            self.status = status
            self.code = code
        }

        var testDescription: String { "\(method) \(target) \(body)" }
    }

    // swift-format-ignore
    static let requests: [Request] = [
        Request("POST", "/v1/workers/w1/drain", "", 202),
        Request("POST", "/v1/workers/w1/drain", #"{"dryRun":true}"#, 200),
        Request("POST", "/v1/workers/w1/drain", #"{"rate":1048576}"#, 202),
        Request("POST", "/v1/workers/w1/drain", #"{"rate":1}"#, 400, "bad-value"),
        Request("POST", "/v1/workers/w1/drain", #"{"rte":1}"#, 400, "bad-value"),
        Request("POST", "/v1/workers/w9/drain", "", 404, "not-found"),
        Request("POST", "/v1/workers/w3/drain", "", 409, "unsafe"),
        Request("POST", "/v1/workers/w3/drain", #"{"force":true}"#, 202),
        Request("POST", "/v1/workers/w1/undrain", "", 200),
        Request("POST", "/v1/workers/w9/undrain", "", 404, "not-found"),
        Request("DELETE", "/v1/workers/w1", "", 409, "unsafe"),
        Request("DELETE", "/v1/workers/w9", "", 404, "not-found"),
        Request("DELETE", "/v1/workers/w1?lost=maybe", "", 400, "bad-value"),
        Request("POST", "/v1/ring/plan", #"{"changes":[{"action":"drain","name":"w1"}]}"#, 200),
        Request("POST", "/v1/ring/plan", #"{"changes":[{"action":"add","name":"w9","capacity":1073741824}]}"#, 200),
        Request("POST", "/v1/ring/plan", #"{"changes":[]}"#, 400, "bad-value"),
        Request("POST", "/v1/ring/plan", #"{"changes":[{"action":"add","name":"w9"}]}"#, 400, "bad-value"),
        Request("POST", "/v1/ring/plan", #"{"changes":[{"action":"drain","name":"w1","capacity":1}]}"#, 400, "bad-value"),
        Request("POST", "/v1/ring/plan", #"{"changes":[{"action":"melt","name":"w1"}]}"#, 400, "bad-value"),
        Request("POST", "/v1/ring/plan", #"{"changes":[{"action":"drain","name":"w9"}]}"#, 404, "not-found"),
        Request("POST", "/v1/ring/plan", #"{"changes":[{"action":"drain","name":"../w"}]}"#, 400, "bad-value"),
        Request("POST", "/v1/ring/plan?region=mars", #"{"changes":[{"action":"drain","name":"w1"}]}"#, 404, "not-found"),
        Request("POST", "/v1/ring/force", "", 200),
        Request("POST", "/v1/ring/force?region=mars", "", 404, "not-found"),
        Request("POST", "/v1/cluster/rebalance", #"{"paused":true}"#, 200),
        Request("POST", "/v1/cluster/rebalance", #"{"rate":1048576}"#, 200),
        Request("POST", "/v1/cluster/rebalance", #"{"rate":1048575}"#, 400, "bad-value"),
        Request("POST", "/v1/cluster/rebalance", #"{}"#, 400, "bad-value"),
        Request("GET", "/v1/jobs/none", "", 404, "not-found"),
        Request("DELETE", "/v1/jobs/none", "", 404, "not-found"),
    ]

    @Test(arguments: requests)
    func requestIsAnswered(_ row: Request) async throws {
        try await withServer(Self.world()) { client in
            let answer = try await client.request(row.method, row.target, body: row.body)
            #expect(answer.status == row.status, "\(answer.text)")
            #expect(answer.code == row.code, "\(answer.text)")
            guard row.method != "GET", row.code != nil else { return }
            #expect(answer.json["outcome"] as? String == "not-applied")
        }
    }

    @Test func aDrainIsAJobUntilItIsCancelled() async throws {
        try await withServer(Self.world()) { client in
            let begun = try await client.request("POST", "/v1/workers/w1/drain")
            let id = try #require(begun.json["id"] as? String)
            #expect(begun.json["worker"] as? String == "w1")
            #expect(begun.json["state"] as? String == "waiting")
            let again = try await client.request("POST", "/v1/workers/w1/drain")
            #expect(again.status == 202 && again.json["id"] as? String == id)
            let planned = try await client.request(
                "POST",
                "/v1/workers/w1/drain",
                body: #"{"dryRun":true}"#
            )
            #expect(planned.code == "unsafe", "it drains already")

            let list = try await client.get("/v1/jobs")
            #expect((list.json["items"] as? [[String: Any]])?.first?["id"] as? String == id)
            #expect(try await client.get("/v1/jobs?after=\(id)").text.contains(#""items":[]"#))
            let cancelled = try await client.request("DELETE", "/v1/jobs/\(id)")
            #expect(cancelled.json["state"] as? String == "cancelled", "\(cancelled.text)")
            #expect(try await client.get("/v1/workers/w1").json["state"] as? String == "active")
            #expect(try await client.request("DELETE", "/v1/jobs/\(id)").code == "unsafe")
        }
    }

    @Test func aPlanThatOthersMadeVoidIsRefused() async throws {
        let world = Self.world()
        // Between the look at the catalog and the command another worker of the region leaves.
        world.coordination.state.withLock {
            $0.next = CatalogCommand(operation: .worker(.fence(NodeID(2))))
        }
        try await withServer(world) { client in
            let answer = try await client.request("POST", "/v1/workers/w1/drain")
            #expect(answer.code == "unsafe" && answer.status == 409, "\(answer.text)")
            #expect(try await client.get("/v1/workers/w1").json["state"] as? String == "active")
        }
    }

    /// Goal: under one key a write takes effect once, its first outcome is answered again, also by a
    /// worker that is gone since, and another request under it is refused.
    @Test(arguments: [
        ("POST", "/v1/workers/w1/drain", "/v1/workers/w2/drain", 202),
        ("POST", "/v1/workers/w1/undrain", "/v1/workers/w1/drain", 200),
        ("DELETE", "/v1/workers/w3?force=true", "/v1/workers/w3", 200),
        ("POST", "/v1/ring/force", "/v1/ring/force?region=us", 200),
    ])
    func aRepetitionTakesEffectOnce(
        _ method: String,
        _ target: String,
        _ other: String,
        _ status: Int
    ) async throws {
        let world = Self.world()
        try await withServer(world) { client in
            let key = ["Idempotency-Key": "k1"]
            let first = try await client.request(method, target, key)
            #expect(first.status == status, "\(first.text)")
            let revision = world.coordination.state.withLock { $0.catalog.revision }
            let again = try await client.request(method, target, key)
            #expect(again.status == status && again.text == first.text, "\(again.text)")
            #expect(world.coordination.state.withLock { $0.catalog.revision } == revision)
            let reused = try await client.request(method, other, key)
            #expect(reused.status == 422, "\(reused.text)")
        }
    }

    @Test func aRebalanceIsSteered() async throws {
        try await withServer(Self.world()) { client in
            _ = try await client.request(
                "POST",
                "/v1/cluster/rebalance",
                body: #"{"paused":true,"rate":2097152}"#
            )
            let status = try await client.get("/v1/cluster/rebalance")
            #expect(status.json["paused"] as? Bool == true)
            #expect(status.json["rate"] as? Int == 2_097_152)
            #expect((status.json["regions"] as? [[String: Any]])?.isEmpty == false)
        }
    }

    @Test func localityRanksWorkers() async throws {
        try await withServer(Self.world()) { client in
            let answer = try await client.get("/v1/locality?path=/f")
            let workers = answer.json["workers"] as? [[String: Any]]
            #expect(workers?.map { $0["name"] as? String } == ["w2", "w1"])
            #expect(try await client.get("/v1/locality?path=/nowhere").code == "not-found")
            #expect(try await client.get("/v1/locality").code == "bad-value")
        }
    }
}
