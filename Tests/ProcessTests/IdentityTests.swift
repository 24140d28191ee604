// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import TestKit
import Testing

extension ProcessTests {
    /// A worker is its store, not its name or its addresses.
    @Suite struct IdentityTests {
        @Test func aMemberOfOneClusterDoesNotJoinAnother() async throws {
            let ours = try await TarnCluster.formed(1)
            let foreign = try await TarnCluster.formed(1)
            let (a, b) = (
                try await ours[1].cluster().cluster, try await foreign[1].cluster().cluster
            )
            ours[1].kill()
            try ours[1].start(join: foreign.peers)

            let code = try await ours[1].process?.waitForExit()
            #expect(code == 4, "\(ours.logEnds)")
            #expect(ours[1].log.contains(a) && ours[1].log.contains(b), "\(ours.logEnds)")
            #expect(try await foreign[1].listedWorkers().count == 1)
            #expect(try await foreign[1].cluster().cluster == b)
        }

        @Test func aSecondWorkerOfALivingNameIsRefused() async throws {
            let cluster = try await TarnCluster.formed()
            let impostor = try cluster.additional("w2")
            try impostor.start(join: cluster.peers)
            defer { impostor.kill() }
            let code = try await impostor.process?.waitForExit()
            #expect(code == 4, "\(impostor.logEnd)")
            #expect(impostor.log.contains("w2"))
            #expect(try await cluster[1].listedWorkers().count == 3)
            try await cluster[2].untilReady(within: .seconds(5))
        }

        /// A voter's disk erased while its peers are down forms no quorum with a stale peer; once
        /// there is one without it, it is another worker, and gets the vote of the one it was.
        @Test func aVoterWithAWipedDirectoryIsReplaced() async throws {
            let cluster = try await TarnCluster.formed()
            try await cluster[2].until("w2 knows the cluster without a quorum") {
                FileManager.default.fileExists(atPath: "\(cluster[2].dataDirectory)/catalog")
            }
            cluster[2].kill()  // From now on w2 is stale.
            try await cluster.mountDirectory(["x": [1, 2, 3]])
            let before = try await cluster[1].listedWorkers()
            cluster[3].kill()
            cluster[1].kill()
            try FileManager.default.removeItem(atPath: cluster[3].dataDirectory)
            try cluster[3].start()
            try cluster[2].start()
            try await cluster[3].until("w3 replacing") {
                try await cluster[3].web.get("/readyz").json["waitingFor"] as? String == "replacing"
            }
            try await cluster[2].until("no quorum") {
                let answer = try await cluster[2].putMount("/data/two", "file:///tmp")
                guard answer.status != 201 else {
                    throw TestKitError.failed("a wiped voter counted", output: answer.text)
                }
                return answer.code == "no-quorum"
            }
            #expect(try await cluster[2].cluster().quorum == .init(have: 1, need: 2))
            #expect(try await cluster[3].web.get("/readyz").status == 503)

            try cluster[1].start()
            try await cluster[3].untilReady(within: .seconds(30))
            let worker = try #require(
                try await cluster[3].listedWorkers().first { $0.name == "w3" }
            )
            #expect(!before.map(\.id).contains(worker.id), "a node id is never used again")
            try await cluster[3].until("w3 votes") {
                let document = try await cluster[3].cluster()
                return document.voters.map(\.name).sorted() == ["w1", "w2", "w3"]
                    && document.learners.isEmpty
            }
            #expect(try await cluster[3].web.get("/v1/mount?path=/data/a").status == 200)

            cluster[1].kill()  // Its vote counts: with w2 it is a quorum.
            try await cluster[3].until("writes without w1") {
                let answer = try await cluster[3].putMount(
                    "/data/four",
                    "file:///tmp",
                    ["If-Match": "*"]
                )
                return [200, 201].contains(answer.status)
            }
        }

        @Test func aDirectoryInUseIsRefused() async throws {
            let cluster = try await TarnCluster.formed(1)
            let run = try await TarnBinary.run(
                ["worker", "start"] + cluster[1].arguments(try WorkerPorts(), cluster.peers),
                in: cluster.directory
            )
            #expect(run.status == 4, "\(run.summary)")
            try await cluster[1].untilReady(within: .seconds(5))
        }
    }
}
