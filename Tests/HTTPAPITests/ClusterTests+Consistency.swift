// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import Foundation
import HTTPAPI
import Primitives
import Synchronization
import Testing

/// Reads: linearizable, local, and not older than a revision.
extension ClusterTests {
    @Test(arguments: ["/v1/mounts", "/v1/workers", "/v1/workers/w1", "/v1/ring"])
    func linearizableIsTheDefault(_ target: String) async throws {
        let world = World()
        try await withServer(world) { client in
            #expect(try await client.get(target).status == 200)
            #expect(try await client.get(target + "?consistency=linearizable").status == 200)
            #expect(world.coordination.state.withLock { $0.barriers } == 2)
            world.coordination.state.withLock { $0.barrierError = .noLeader }
            #expect(try await client.get(target + "?consistency=local").status == 200)
            #expect(world.coordination.state.withLock { $0.barriers } == 2)
            let refused = try await client.get(target)
            #expect((refused.status, refused.code) == (503, "no-leader"))
            #expect(refused.headers["retry-after"] == "1")
        }
    }

    @Test func stateIsDescribedInHeaders() async throws {
        try await withServer { client in
            for target in ["/v1/mounts", "/v1/cluster", "/v1/mount?path=/none"] {
                let answer = try await client.get(target)
                #expect(answer.headers["tarn-cluster"] == "\(Sample.clusterID)")
                #expect(answer.headers["tarn-revision"] == "1")
                #expect(answer.headers["tarn-region-epoch"] == "1")
                #expect(answer.headers["tarn-staleness-ms"] == "7")
            }
        }
    }

    /// Goal: what is not found is not said to be missing at the revision that made it.
    @Test(arguments: ["/v1/mount?path=/new", "/v1/resolve?path=/new/x", "/v1/files/none"])
    func anErrorIsDescribedByTheStateItIsAbout(_ target: String) async throws {
        let world = World()
        let mount = Mount(origin: "s3://lake/new")
        world.coordination.state.withLock { state in
            state.next = CatalogCommand(operation: .putMount(path: "/new", mount, .any))
        }
        try await withServer(world) { client in
            let answer = try await client.get(target)
            #expect((answer.status, answer.code) == (404, "not-found"))
            #expect(answer.headers["tarn-revision"] == "1")
        }
        #expect(world.coordination.state.withLock { $0.catalog.revision } > Revision(1))
    }

    @Test func minimumRevisionIsWaitedFor() async throws {
        try await withServer { client in
            for target in [
                "/v1/mounts?consistency=local", "/v1/cluster", "/v1/list?path=/d", "/v1/files/f",
            ] {
                let behind = try await client.get(target, ["Tarn-Min-Revision": "9"])
                #expect((behind.status, behind.code) == (503, "behind"), "\(target)")
                let bad = try await client.get(target, ["Tarn-Min-Revision": "x"])
                #expect(bad.code == "bad-value")
            }
            let reached = try await client.get("/v1/mounts", ["Tarn-Min-Revision": "1"])
            #expect(reached.status == 200)
        }
    }

    // swift-format-ignore
    static let errors: [(error: CoordinationError, status: Int, code: String, outcome: String)] = [
        (.notInitialised,                               503, "not-initialised", "not-applied"),
        (.noQuorum(have: 1, need: 2, missing: ["w2"]),  503, "no-quorum",       "not-applied"),
        (.noLeader,                                     503, "no-leader",       "not-applied"),
        (.outcomeUnknown,                               503, "outcome-unknown", "unknown"),
        (.overloaded,                                   429, "overloaded",      "not-applied"),
        (.behind(have: Revision(1), wanted: Revision(2)), 503, "behind",        "not-applied"),
        (.compacted(oldest: Revision(5)),               410, "compacted",       "not-applied"),
        (.unsafe("why"),                                409, "unsafe",          "not-applied"),
        (.badValue("why"),                              400, "bad-value",       "not-applied"),
        (.notFound("what"),                             404, "not-found",       "not-applied"),
        (.timedOut,                                     504, "timeout",         "not-applied"),
        (.incomplete("how far"),                        504, "timeout",         "not-applied"),
        (.unfinished(.initialisation, "how far"),       504, "timeout",         "unknown"),
        (.unfinished(.transfer, "how far"),             504, "timeout",         "unknown"),
    ]

    @Test(arguments: errors)
    func coordinationErrorIsAProblem(
        _ row: (error: CoordinationError, status: Int, code: String, outcome: String)
    ) async throws {
        let world = World()
        world.coordination.state.withLock { state in
            state.submitError = row.error
            state.barrierError = row.error
        }
        try await withServer(world) { client in
            let write = try await client.request(
                "PUT",
                "/v1/mount?path=/b",
                body: #"{"origin":"s3://b"}"#
            )
            #expect((write.status, write.code) == (row.status, row.code))
            #expect(write.json["outcome"] as? String == row.outcome)
            #expect(write.json["status"] as? Int == row.status)
            #expect(write.json["type"] as? String == "about:blank")
            let read = try await client.get("/v1/mounts")
            #expect((read.status, read.code) == (row.status, row.code))
            #expect(read.json["outcome"] is String == false)
        }
    }

    @Test func missingVotersAreNamed() async throws {
        let world = World()
        world.coordination.state.withLock {
            $0.barrierError = .noQuorum(have: 1, need: 2, missing: ["w2", "w3"])
        }
        try await withServer(world) { client in
            let detail = try await client.get("/v1/mounts").json["detail"] as? String ?? ""
            for fact in ["1 of 3 voters answer (w1)", "2 are needed", "unreachable: w2, w3"] {
                #expect(detail.contains(fact), "\(detail)")
            }
        }
    }
}
