// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import TestKit
import Testing

extension ProcessTests {
    /// From fresh workers to one cluster, and who may join it.
    @Suite struct BootstrapTests {
        static let early = [
            "/v1/mounts", "/v1/mount?path=/a", "/v1/workers", "/v1/workers/w1",
            "/v1/resolve?path=/a", "/v1/watch?state=true", "/v1/ring?region=default",
            "/v1/files/a/b", "/v1/list?path=/", "/v1/locate?path=/a/b&offset=0",
        ]

        @Test func freshWorkersAnswerOnlyWhatNeedsNoClusterUntilInit() async throws {
            let cluster = try TarnCluster(3)
            try cluster.start()
            for worker in cluster.workers { try await worker.untilAlive() }

            let fresh = cluster[2]
            for target in Self.early {
                let answer = try await fresh.web.get(target)
                #expect(answer.status == 503, "\(target): \(answer.text)")
                #expect(answer.code == "not-initialised", "\(target)")
                #expect(answer.headers["content-type"] == "application/problem+json")
            }
            #expect(try await fresh.putMount("/a", "file:///tmp").code == "not-initialised")
            #expect(try await fresh.web.call("DELETE", "/v1/mount?path=/a").status == 503)
            #expect(try await fresh.web.get("/metrics").text.contains("tarn_build_info{"))
            for worker in cluster.workers {
                let ready = try await worker.web.get("/readyz")
                #expect(ready.status == 503)
                #expect(ready.json["waitingFor"] as? String == "waiting-for-init")
            }

            let formed = try await cluster.tarn(["cluster", "init", "-o", "json"])
            #expect(formed.status == 0, "\(formed.summary)")
            let answer = try JSONDecoder().decode(InitAnswer.self, from: Data(formed.output.utf8))
            #expect(answer.voters.sorted() == ["w1", "w2", "w3"])
            for worker in cluster.workers {
                try await worker.untilReady(within: .seconds(10))
                let document = try await worker.cluster()
                #expect(document.cluster == answer.cluster)
                #expect(document.voters.map(\.name).sorted() == ["w1", "w2", "w3"])
            }

            let again = try await cluster.tarn(["cluster", "init"], at: cluster[3])
            #expect(again.status == 4, "\(again.summary)")
            #expect(again.errors.contains(answer.cluster))
            let refused = try await cluster[1].web.call("POST", "/v1/cluster/init", body: "{}")
            #expect(refused.status == 409)
            #expect(refused.code == "unsafe")
        }

        @Test func initMayBeAskedBeforeTheWorkersRun() async throws {
            let cluster = try TarnCluster(3)
            async let asked = cluster.tarn(["cluster", "init", "--timeout", "60s"])
            // tested: whichever comes first, the answer has to be the same.
            try await Task.sleep(for: .milliseconds(300))
            try cluster.start()
            let formed = try await asked
            #expect(formed.status == 0, "\(formed.summary)")
            for worker in cluster.workers { try await worker.untilReady() }
        }

        /// Goal: a worker that finds itself first in `join` does not wait for its own catalog.
        @Test func aLaterWorkerMayStandFirstInItsOwnJoin() async throws {
            let cluster = try await TarnCluster.formed(1)
            let later = try cluster.additional("w2")
            try later.start(join: [later.peerAddress, cluster[1].peerAddress])
            defer { later.kill() }
            try await later.untilReady()
        }

        @Test func ofTwoConcurrentInitsAtMostOneMakesACluster() async throws {
            let cluster = try TarnCluster(3)
            try cluster.start()
            for worker in cluster.workers { try await worker.untilAlive() }
            let words = ["cluster", "init", "--timeout", "20s"]
            async let first = cluster.tarn(words, at: cluster[1])
            async let second = cluster.tarn(words, at: cluster[2])
            let statuses = try await [first.status, second.status].sorted()
            #expect(statuses.count { $0 == 0 } <= 1, "\(statuses)")

            if statuses.first != 0 {  // Both lost: the promise of 10 s ends, and one more try goes.
                let third = try await cluster.tarn(["cluster", "init", "--timeout", "60s"])
                #expect(third.status == 0, "\(third.summary)")
            }
            var identities: Set<String> = []
            for worker in cluster.workers {
                try await worker.untilReady()
                identities.insert(try await worker.cluster().cluster)
            }
            #expect(identities.count == 1)
        }

        @Test(arguments: [4, 30, 90])
        func initResumesAfterKillOfTheAskingWorker(afterMilliseconds delay: Int) async throws {
            let cluster = try TarnCluster(3)
            try cluster.start()
            for worker in cluster.workers { try await worker.untilAlive() }
            async let interrupted = cluster[1].web.call("POST", "/v1/cluster/init", body: "{}")
            // tested: the moment of the blow is what varies.
            try await Task.sleep(for: .milliseconds(delay))
            cluster[1].kill()
            _ = try? await interrupted

            try cluster[1].start()
            try await cluster[1].untilAlive()
            let known = cluster[1].log.firstMatch(of: /cluster=([0-9a-f-]{36})/).map {
                String($0.1)
            }
            let again = try await cluster.tarn(
                ["cluster", "init", "-o", "json", "--timeout", "60s"]
            )
            #expect([0, 4].contains(again.status), "\(again.summary)\n\(cluster.logEnds)")
            if again.status == 4 { #expect(known != nil, "refused by a worker without a cluster") }
            var identities: Set<String> = []
            for worker in cluster.workers {
                try await worker.untilReady()
                identities.insert(try await worker.cluster().cluster)
            }
            #expect(identities.count == 1)
            if let known { #expect(identities == [known]) }
        }

        @Test func aFourthWorkerJoinsAsObserverAndServesLikeTheOthers() async throws {
            let cluster = try await TarnCluster.formed()
            try await cluster.mountDirectory(["x": pattern(3 << 20, seed: 1)])
            let before = try await cluster[1].cluster().regions["default"]?.epoch ?? 0

            let fourth = try cluster.additional("w4")
            try fourth.start(join: Array(cluster.peers.prefix(2)))
            defer { fourth.kill() }
            try await fourth.untilReady()
            try await fourth.untilSettled(workers: 4)
            let described = try await fourth.cluster()
            #expect(described.observers == 1)
            #expect(described.voters.map(\.name).sorted() == ["w1", "w2", "w3"])
            let listed = try await fourth.listedWorkers()
            #expect(listed.first { $0.name == "w4" }?.role == "observer")
            #expect(described.regions["default"]?.epoch == before + 1)
            #expect(described.regions["default"]?.workers == 4)

            let bytes = try await fourth.web.get("/v1/files/data/a/x")
            #expect(bytes.body == pattern(3 << 20, seed: 1))
            let stored = try await fourth.putMount("/data/b", "file:///tmp")
            #expect(stored.status == 201, "\(stored.text)")
            let read = try await fourth.web.get("/v1/mount?path=/data/b")
            #expect(read.status == 200)
            #expect(try await cluster[3].web.get("/v1/mount?path=/data/b").status == 200)
        }
    }
}
