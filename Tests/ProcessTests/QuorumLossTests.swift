// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import TestKit
import Testing

extension ProcessTests {
    /// What is refused without a quorum, how soon, and what goes on.
    @Suite struct QuorumLossTests {
        @Test func withoutAQuorumWritesAreRefusedAtOnceAndReadsGoOn() async throws {
            let cluster = try await TarnCluster.formed()
            let content = pattern(1 << 20 | 5, seed: 1)
            try await cluster.mountDirectory(["x": content])
            let survivor = cluster[1]
            #expect(try await survivor.web.get("/v1/files/data/a/x").body == content)
            cluster[2].kill()
            cluster[3].kill()
            // A leader takes proposals until its last confirmed round is 600 ms old.
            try await survivor.until("the loss is noticed", within: .seconds(10)) {
                let seen = try await survivor.cluster()
                return seen.quorum.have == 1 && seen.leader == nil
            }

            let calls: [(String, String, String)] = [
                ("PUT", "/v1/mount?path=/data/b", #"{"origin":"file:///tmp"}"#),
                ("DELETE", "/v1/mount?path=/data/a", ""),
                ("GET", "/v1/mounts", ""),
                ("GET", "/v1/resolve?path=/data/a/x", ""),
                ("GET", "/v1/workers", ""),
            ]
            for (method, target, body) in calls {
                let begun = ContinuousClock.now
                let answer = try await survivor.web.call(method, target, body: body)
                let took = ContinuousClock.now - begun
                #expect(answer.status == 503, "\(method) \(target): \(answer.text)")
                #expect(answer.code == "no-quorum", "\(method) \(target): \(answer.text)")
                #expect(answer.text.contains("w2") && answer.text.contains("w3"), "\(answer.text)")
                #expect(answer.json["outcome"] as? String ?? "not-applied" == "not-applied")
                #expect(took < .seconds(3), "\(method) \(target): \(took)")  // 1 s, loaded machine.
            }
            let run = try await cluster.tarn([
                "mount", "add", "/data/b", "file:///tmp", "--no-check",
            ])
            #expect(run.status == 5, "\(run.summary)")

            for target in [
                "/v1/resolve?path=/data/a/x&consistency=local", "/v1/mounts?consistency=local",
                "/v1/workers?consistency=local", "/v1/cluster", "/readyz", "/metrics",
                "/v1/locate?path=/data/a/x&offset=0",
            ] {
                let answer = try await survivor.web.get(target)
                #expect(answer.status == 200, "\(target): \(answer.text.prefix(500))")
            }
            #expect(try await survivor.web.get("/v1/files/data/a/x").body == content)
            let status = try await cluster.tarn(["cluster", "status"])
            #expect(status.status == 5 && status.output.contains("1 of 3"), "\(status.summary)")

            try cluster[2].start()
            try await survivor.until("writes again") {
                let answer = try await survivor.putMount(
                    "/data/b",
                    "file:///tmp",
                    ["If-Match": "*"]
                )
                return [200, 201].contains(answer.status)
            }
            #expect(try await cluster[2].web.get("/v1/mount?path=/data/b").status == 200)
        }

        /// Goal: the cluster is shown by a voter that knows its log, but not how much of it is committed.
        @Test func aVoterWithoutACatalogSaysWhatItKnows() async throws {
            let cluster = try await TarnCluster.formed()
            let before = try await cluster[1].cluster()
            for worker in cluster.workers { worker.kill() }
            try? FileManager.default.removeItem(atPath: "\(cluster[1].dataDirectory)/catalog")
            try cluster[1].start()
            try await cluster[1].untilAlive()
            let answer = try await cluster[1].web.get("/v1/cluster")
            #expect(answer.status == 200, "\(answer.text)")
            let seen = try await cluster[1].cluster()
            #expect((seen.cluster, seen.generation, seen.leader) == (before.cluster, 0, nil))
            #expect(seen.quorum == .init(have: 1, need: 2) && seen.voters.count == 3)
            #expect(try await cluster[1].web.get("/readyz").status == 503)
            let status = try await cluster.tarn(["cluster", "status"])
            #expect(status.status == 5 && status.output.contains("1 of 3"), "\(status.summary)")

            try cluster[2].start()
            try await cluster[1].untilReady()
            #expect(try await cluster[1].cluster().generation == 1)
        }
    }
}
