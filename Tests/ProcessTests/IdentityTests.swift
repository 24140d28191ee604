// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import TestKit
import Testing

extension ProcessTests {
    /// `CONTRACT.md` §2, "Identity".
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

        @Test func aVoterWithAWipedDirectoryIsNotReadyAndNeverVotes() async throws {
            let cluster = try await TarnCluster.formed()
            try await cluster.mountDirectory(["x": [1, 2, 3]])
            cluster[3].kill()
            try FileManager.default.removeItem(atPath: cluster[3].dataDirectory)
            try cluster[3].start()
            try await cluster[3].until("w3 replacing") {
                try await cluster[3].web.get("/readyz").json["waitingFor"] as? String == "replacing"
            }
            #expect(try await cluster[1].putMount("/data/two", "file:///tmp").status == 201)

            cluster[2].kill()  // Now w1 has only the wiped one beside it: that is no quorum.
            try await cluster[1].until("no quorum") {
                let answer = try await cluster[1].putMount("/data/three", "file:///tmp")
                guard answer.code != "mount-exists", answer.status != 201 else {
                    throw TestKitError.failed("a wiped voter counted", output: answer.text)
                }
                return answer.code == "no-quorum"
            }
            #expect(try await cluster[1].cluster().quorum == .init(have: 1, need: 2))
            #expect(try await cluster[3].web.get("/readyz").status == 503)

            try cluster[2].start()
            try await cluster[1].until("writes again") {
                let answer = try await cluster[1].putMount(
                    "/data/four",
                    "file:///tmp",
                    ["If-Match": "*"]
                )
                return [200, 201].contains(answer.status)
            }
            #expect(try await cluster[3].web.get("/readyz").status == 503)
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
