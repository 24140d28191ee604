// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import TestKit
import Testing

extension ProcessTests {
    /// The command sequences of `Docs/operations/recovery.md`, as they stand there.
    @Suite struct RecoveryTests {
        // MARK: - Backup

        @Test func aBackupComesFromAnyWorkerWithAQuorumOrWithout() async throws {
            let cluster = try await TarnCluster.formed()
            try await cluster.mountDirectory(["x": [1, 2, 3]])
            let file = "\(cluster.directory)/tarn.backup"
            for worker in cluster.workers {
                let output = try await cluster.done(
                    ["cluster", "backup", file, "-o", "json"],
                    at: worker
                )
                let facts = try Facts(output)
                let state = try await worker.cluster()
                #expect(facts.cluster == state.cluster && facts.generation == 1)
                #expect(facts.revision == state.revision && facts.mounts == 1)
            }
            cluster[2].kill()
            cluster[3].kill()
            let run = try await cluster.tarn(["cluster", "backup", file])
            #expect(run.status == 0 && run.output.contains("1 mounts"), "\(run.summary)")
            let missing = try await cluster.tarn(["cluster", "backup", "/nowhere/tarn.backup"])
            #expect(missing.status == 1, "\(missing.summary)")
            let names = try FileManager.default.contentsOfDirectory(atPath: cluster.directory)
            #expect(!names.contains { $0.hasSuffix(".new") }, "nothing is left beside: \(names)")
        }

        @Test func everyWorkerKeepsACopy() async throws {
            let cluster = try await TarnCluster.formed(1)
            let observer = try cluster.additional("w9")
            try observer.start(join: cluster.peers)
            defer { observer.kill() }
            for worker in [cluster[1], observer] {
                try await worker.until("a copy in \(worker.name)") { !worker.copies.isEmpty }
                let names = worker.copies
                #expect(names.count <= 3 && names.allSatisfy { $0.hasPrefix("catalog-") })
            }
        }

        // MARK: - Restore

        @Test func aRestoredClusterHasTheMountsANewIdAndAHigherGeneration() async throws {
            let cluster = try await TarnCluster.formed()
            try await cluster.mountDirectory(["x": [1, 2, 3]])
            let file = "\(cluster.directory)/tarn.backup"
            try await cluster.done(["cluster", "backup", file])
            let before = try await cluster[1].cluster()
            for worker in cluster.workers { worker.kill() }
            for worker in cluster.workers { try worker.eraseData() }

            try cluster[1].start(join: cluster.peers)
            try await cluster[1].untilAlive()
            let unasked = try await cluster.tarn(["cluster", "restore", file])
            #expect(unasked.status == 64, "\(unasked.summary)")
            try await cluster.done(["cluster", "restore", file, "--yes"])
            try await cluster[1].untilReady()
            let after = try await cluster[1].cluster()
            #expect(after.cluster != before.cluster && after.generation == 2)
            #expect(after.revision >= before.revision + 1 << 32)
            #expect(after.voters.map(\.name) == ["w1"])
            #expect(try await cluster[1].web.get("/v1/files/data/a/x").body == [1, 2, 3])

            let again = try await cluster.tarn(["cluster", "restore", file, "--yes"])
            #expect(
                again.status == 0,
                "an attempt that is repeated says the same: \(again.summary)"
            )
            try cluster[2].start()
            try cluster[3].start()
            for worker in cluster.workers { try await worker.untilReady() }
            let refused = try await cluster.tarn(
                ["cluster", "restore", file, "--yes"],
                at: cluster[2]
            )
            #expect(refused.status == 4, "\(refused.summary)")
            #expect(try await cluster[3].cluster().cluster == after.cluster)
        }

        /// The voter's disk is lost, its address is not: who has no vote comes over.
        @Test func observersFollowARestoredClusterToo() async throws {
            let cluster = try await TarnCluster.formed(1)
            let observer = try cluster.additional("w9")
            try observer.start(join: cluster.peers)
            defer { observer.kill() }
            try await observer.untilReady()
            let file = "\(cluster.directory)/tarn.backup"
            try await cluster.done(["cluster", "backup", file], at: observer)
            let node = try await observer.listedWorkers().first { $0.name == "w9" }?.id
            let life = observer.process?.pid
            cluster[1].kill()
            try cluster[1].eraseData()
            try cluster[1].start()
            try await cluster[1].untilAlive()
            try await cluster.done(["cluster", "restore", file, "--yes"])
            let next = try await cluster[1].cluster().cluster
            try await observer.until("w9 follows") {
                let seen = try await observer.cluster()
                return seen.cluster == next && seen.leader == "w1"
            }
            #expect(observer.process?.pid == life)
            #expect(try await observer.listedWorkers().first { $0.name == "w9" }?.id == node)
            let write = try await observer.putMount("/data/new", "file:///tmp")
            #expect(write.status == 201, "\(write.text)")
        }

        @Test func aDamagedFileIsRefusedBeforeAnythingIsAsked() async throws {
            let cluster = try await TarnCluster.formed(1)
            let file = "\(cluster.directory)/tarn.backup"
            try await cluster.done(["cluster", "backup", file])
            var bytes = try Data(contentsOf: URL(filePath: file))
            bytes[bytes.count / 2] ^= 1
            try bytes.write(to: URL(filePath: file))
            let run = try await cluster.tarn(["cluster", "restore", file, "--yes"])
            #expect(run.status == 64 && run.errors.contains("no whole backup"), "\(run.summary)")
        }

        /// A long backup is longer than the body that other calls may have.
        @Test func aLongBackupIsTaken() async throws {
            let cluster = try await TarnCluster.formed(1)
            let bucket = String(repeating: "b", count: 600)
            for number in 0..<150 {
                let answer = try await cluster[1].putMount("/data/m\(number)", "file:///\(bucket)")
                #expect(answer.status == 201, "\(answer.text)")
            }
            let file = "\(cluster.directory)/tarn.backup"
            try await cluster.done(["cluster", "backup", file])
            let size = try FileManager.default.attributesOfItem(atPath: file)[.size] as? Int
            #expect(try #require(size) > 64 << 10)
            cluster[1].kill()
            try cluster[1].eraseData()
            try cluster[1].start(join: cluster.peers)
            try await cluster[1].untilAlive()
            try await cluster.done(["cluster", "restore", file, "--yes"])
            #expect(try await cluster[1].web.get("/v1/mount?path=/data/m149").status == 200)
        }

        // MARK: - Recover

        /// Two of three voters lost: the third goes on, the others are refused, and come back empty.
        @Test func oneSurvivorGoesOnAndOldVotersComeBackAsNewWorkers() async throws {
            let cluster = try await TarnCluster.formed()
            let content = pattern(1 << 20, seed: 4)
            try await cluster.mountDirectory(["x": content])
            let before = try await cluster[1].cluster()
            for worker in cluster.workers { worker.kill() }

            let directories = cluster.workers.flatMap { ["--data-dir", $0.dataDirectory] }
            let look = try await cluster.tarn(["cluster", "recover", "--dry-run"] + directories)
            #expect(look.status == 0 && look.output.contains("voter"), "\(look.summary)")
            let survey = try await cluster.done(
                ["cluster", "recover", "--dry-run", "-o", "json"] + directories
            )
            let best = try #require(try Self.object(survey)["best"] as? String)
            #expect(cluster.workers.map(\.dataDirectory).contains(best))

            let data = ["--data-dir", cluster[1].dataDirectory]
            let unasked = try await cluster.tarn(
                ["cluster", "recover", "--force-new-cluster"] + data
            )
            #expect(unasked.status == 64, "\(unasked.summary)")
            try await cluster.done(["cluster", "recover", "--force-new-cluster", "--yes"] + data)
            try cluster[1].start()
            try await cluster[1].untilReady()
            let after = try await cluster[1].cluster()
            #expect(after.cluster != before.cluster && after.generation == 2)
            #expect(after.voters.map(\.name) == ["w1"])
            #expect(try await cluster[1].web.get("/v1/files/data/a/x").body == content)
            let write = try await cluster[1].putMount("/data/b", "file:///tmp")
            #expect(write.status == 201, "\(write.text)")

            // Both at once: together they would be a quorum of the old cluster.
            for number in 2...3 { try cluster[number].start() }
            for number in 2...3 {
                let code = try await cluster[number].process?.waitForExit()
                #expect(code == 4, "\(cluster[number].logEnd)")
                #expect(cluster[number].log.contains(after.cluster), "\(cluster[number].logEnd)")
            }
            for number in 2...3 {
                try cluster[number].eraseData()
                try cluster[number].start()
                do {
                    try await cluster[number].untilReady()
                } catch {
                    throw TestKitError.failed("\(error)", output: cluster.logEnds)
                }
                #expect(try await cluster[number].cluster().cluster == after.cluster)
                // The cache directory is the old cluster's, and counts as the new one's.
                try await cluster[number].until("the cache of w\(number) is open") {
                    cluster[number].log.contains("cache open")
                }
            }
        }

        /// One that was there first, alone, ends as soon as it hears of the new cluster.
        @Test func anOldVoterThatWaitsForAQuorumEnds() async throws {
            let cluster = try await TarnCluster.formed()
            try await cluster[2].until("w2 knows the catalog on its disk") {
                FileManager.default.fileExists(atPath: "\(cluster[2].dataDirectory)/catalog")
            }
            for worker in cluster.workers { worker.kill() }
            try await cluster.done([
                "cluster", "recover", "--force-new-cluster", "--yes", "--data-dir",
                cluster[1].dataDirectory,
            ])
            try cluster[2].start()
            try await cluster[2].until("w2 waits without a quorum") {
                try await cluster[2].cluster().quorum == .init(have: 1, need: 2)
            }
            try cluster[1].start()
            try await cluster[1].untilReady()
            let code = try await cluster[2].process?.waitForExit()
            #expect(code == 4, "\(cluster[2].logEnd)")
            let next = try await cluster[1].cluster()
            #expect(cluster[2].log.contains(next.cluster), "\(cluster[2].logEnd)")
            #expect(next.generation == 2 && next.voters.map(\.name) == ["w1"])
        }

        @Test func watchersAreToldToLoadAnew() async throws {
            let cluster = try await TarnCluster.formed(1)
            let from = try await cluster[1].cluster().revision + 1
            cluster[1].kill()
            try await cluster.done([
                "cluster", "recover", "--force-new-cluster", "--yes", "--data-dir",
                cluster[1].dataDirectory,
            ])
            try cluster[1].start()
            try await cluster[1].untilReady()
            let answer = try await cluster[1].web.get("/v1/watch?from=\(from)")
            #expect(answer.status == 410 && answer.code == "compacted", "\(answer.text)")
        }

        @Test func whatRunsOrHasNoVoteIsNotRecoveredFrom() async throws {
            let cluster = try await TarnCluster.formed(1)
            let observer = try cluster.additional("w9")
            try observer.start(join: cluster.peers)
            defer { observer.kill() }
            try await observer.untilReady()
            try await observer.until("w9 knows the catalog on its disk") {
                FileManager.default.fileExists(atPath: "\(observer.dataDirectory)/catalog")
            }
            observer.kill()
            let cases = [
                (cluster[1].dataDirectory, "in use"), (observer.dataDirectory, "no vote"),
                ("\(cluster.directory)/none", "no worker"),
            ]
            for (directory, reason) in cases {
                let run = try await cluster.tarn([
                    "cluster", "recover", "--force-new-cluster", "--yes", "--data-dir", directory,
                ])
                #expect(run.status == 4 && run.errors.contains(reason), "\(run.summary)")
            }
            try await cluster[1].untilReady(within: .seconds(5))
        }

        /// Workers without a vote follow, without a restart and with what they have cached.
        @Test func observersFollowWithoutARestartAndWithWarmCaches() async throws {
            let cluster = try await TarnCluster.formed(1)
            let observer = try cluster.additional("w9")
            try observer.start(join: cluster.peers)
            defer { observer.kill() }
            try await observer.untilReady()
            try await cluster.mountDirectory(["x": pattern(4 << 20, seed: 9)])
            try await observer.until("w9 has the mount") {
                try await observer.web.get("/v1/mount?path=/data/a&consistency=local").status == 200
            }
            for worker in [cluster[1], observer] {
                let answer = try await worker.web.get("/v1/files/data/a/x")
                #expect(answer.body == pattern(4 << 20, seed: 9))
            }
            let pages = try await observer.pages()
            let life = observer.process?.pid
            cluster[1].kill()
            try await cluster.done([
                "cluster", "recover", "--force-new-cluster", "--yes", "--data-dir",
                cluster[1].dataDirectory,
            ])
            try cluster[1].start()
            try await cluster[1].untilReady()
            let next = try await cluster[1].cluster().cluster
            try await observer.until("w9 follows") {
                let seen = try await observer.cluster()
                return seen.cluster == next && seen.leader == "w1"
            }
            #expect(observer.process?.pid == life)
            #expect(try await observer.pages() == pages, "nothing was thrown away")
            #expect(try await observer.web.get("/v1/files/data/a/x").status == 200)

            observer.send(SIGTERM)
            _ = try await observer.process?.waitForExit()
            try observer.start()
            try await observer.untilReady()
            try await observer.until("its cache is open and warm") {
                try await observer.pages() == pages
            }
        }
    }
}

extension ProcessTests.RecoveryTests {
    /// What `cluster backup -o json` prints, as far as tests look at it.
    struct Facts: Decodable {
        let cluster: String
        let generation: UInt64
        let revision: UInt64
        let mounts: Int

        init(_ text: String) throws {
            self = try JSONDecoder().decode(Self.self, from: Data(text.utf8))
        }
    }

    static func object(_ text: String) throws -> [String: Any] {
        let value = try JSONSerialization.jsonObject(with: Data(text.utf8))
        return try #require(value as? [String: Any])
    }
}

extension TarnWorker {
    /// Names of the copies of the catalog that it keeps.
    fileprivate var copies: [String] {
        let found = try? FileManager.default.contentsOfDirectory(atPath: "\(dataDirectory)/backups")
        return found ?? []
    }

    fileprivate func eraseData() throws {
        try FileManager.default.removeItem(atPath: dataDirectory)
    }

    /// Pages in its cache.
    fileprivate func pages() async throws -> Double? {
        let text = try await web.get("/metrics").text
        let line = text.split(separator: "\n").first { $0.hasPrefix("tarn_store_pages") }
        return line?.split(separator: " ").last.flatMap { Double($0) }
    }
}
