// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import TestKit
import Testing

extension ProcessTests {
    /// The command sequences of `Docs/operations`, as they stand there: each is run, and none is left.
    @Suite struct RunbookTests {
        /// `upgrade.md`: one worker at a time, and a write at each step.
        @Test func workersAreUpgradedOneAtATime() async throws {
            let cluster = try await TarnCluster.formed()
            let observer = try cluster.additional("w4")
            try observer.start(join: cluster.peers)
            defer { observer.kill() }
            try await observer.untilReady()
            let backup = "\(cluster.directory)/tarn.backup"
            var page = try Runbook("upgrade.md", places: ["/backup/tarn.backup": backup])
            for command in ["tarn cluster status", "tarn worker list"] {
                let run = try await page.run(command, on: cluster)
                #expect(run.status == 0, "\(run.summary)")
            }
            let saved = try await page.run("tarn cluster backup /backup/tarn.backup", on: cluster)
            #expect(saved.status == 0, "\(saved.summary)")

            let first = try await cluster.leader()
            let others = cluster.workers.filter { $0.name != first.name }
            for worker in [observer] + others + [first] {
                let anyOther = worker.name == "w1" ? cluster[2] : cluster[1]
                if try await anyOther.cluster().leader == worker.name {
                    let run = try await page.run(
                        "tarn cluster transfer-leader",
                        on: cluster,
                        at: anyOther
                    )
                    #expect(run.status == 0, "\(run.summary)")
                }
                let before = try await anyOther.cluster()
                worker.send(SIGTERM)
                #expect(try await worker.process?.waitForExit(within: .seconds(15)) == 0)
                let write = try await anyOther.putMount("/data/\(worker.name)", "file:///tmp")
                #expect(write.status == 201, "without \(worker.name): \(write.text)")
                try worker.start()
                try await worker.untilReady()
                try await anyOther.until("every voter is reachable") {
                    try await anyOther.cluster().voters.allSatisfy(\.reachable)
                }
                let after = try await page.run("tarn cluster status", on: cluster, at: anyOther)
                #expect(after.status == 0, "\(after.summary)")
                let list = try await page.run("tarn worker list", on: cluster, at: worker)
                #expect(list.status == 0 && list.output.contains(worker.name), "\(list.summary)")
                let seen = try await worker.cluster()
                #expect(seen.cluster == before.cluster && seen.revision > before.revision)
                let voters = seen.voters.map(\.name).sorted()
                #expect(voters == ["w1", "w2", "w3"], "no vote moved")
            }
            #expect(page.left == [], "every command of the page was run")
        }

        /// `lost-region.md`: five voters over three regions, one region killed, and back.
        @Test func theClusterGoesOnWithoutARegion() async throws {
            let cluster = try TarnCluster(1, flags: ["--region", "eu"])
            var workers = [cluster[1]]
            for (name, region) in [
                ("ap1", "ap"), ("ap2", "ap"), ("us1", "us"), ("us2", "us"), ("eu2", "eu"),
            ] {
                workers.append(try cluster.additional(name, flags: ["--region", region]))
            }
            defer { for worker in workers { worker.kill() } }
            for worker in workers.prefix(5) { try worker.start(join: workers.map(\.peerAddress)) }
            for worker in workers.prefix(5) { try await worker.untilAlive() }
            try await cluster.done([
                "cluster", "init", "--voters", "5", "--survive", "region", "--timeout", "60s",
            ])
            let (spare, asked) = (workers[5], cluster[1])
            try spare.start(join: workers.map(\.peerAddress))
            for worker in workers { try await worker.untilReady() }

            var page = try Runbook("lost-region.md")
            let lost = workers.filter { $0.name.hasPrefix("ap") }
            for worker in lost { worker.kill() }
            try await asked.until("the others go on") {
                try await asked.putMount("/data/on", "file:///tmp", ["If-Match": "*"]).status < 300
            }
            let status = try await page.run("tarn cluster status", on: cluster)
            #expect(status.status == 0, "\(status.summary)")
            let list = try await page.run("tarn worker list", on: cluster)
            #expect(list.status == 0 && list.output.contains("ap1"), "\(list.summary)")
            try await asked.until("the votes of the region are to move, to eu2 first") {
                let autopilot = try await asked.cluster().autopilot
                return autopilot?.action == "replace" && autopilot?.coming == ["eu2"]
                    && autopilot?.waitsFor?.contains("silence") == true
            }
            for worker in lost { try worker.start() }
            for worker in lost { try await worker.untilReady() }
            #expect(try await lost[0].web.get("/v1/mount?path=/data/on").status == 200)
            try await asked.until("all five voters are reachable") {
                let voters = try await asked.cluster().voters
                return voters.count == 5 && voters.allSatisfy(\.reachable)
            }
            #expect(page.left == [], "every command of the page was run")
        }

        /// `disks.md`: another disk under the data directory of a voter.
        @Test func aVotersDiskIsReplaced() async throws {
            let cluster = try await TarnCluster.formed()
            let worker = cluster[3]
            var page = try Runbook("disks.md", places: ["/var/lib/tarn": worker.dataDirectory])
            let before = try await cluster[1].listedWorkers().first { $0.name == "w3" }?.id
            let calm = try await page.run("tarn cluster status", on: cluster)
            #expect(calm.status == 0, "\(calm.summary)")
            worker.send(SIGTERM)
            #expect(try await worker.process?.waitForExit(within: .seconds(15)) == 0)
            let look = try await page.run("tarn doctor --data-dir /var/lib/tarn", on: cluster)
            #expect(look.status == 0, "\(look.summary)")

            try FileManager.default.removeItem(atPath: worker.dataDirectory)
            try worker.start()
            try await worker.untilReady()
            try await cluster[1].until("w3 votes, as another") {
                let voters = try await cluster[1].cluster().voters
                let now = try await cluster[1].listedWorkers().first { $0.name == "w3" }?.id
                return voters.count == 3 && voters.allSatisfy(\.reachable) && now != before
                    && voters.contains { $0.name == "w3" }
            }
            let after = try await page.run("tarn cluster status", on: cluster)
            #expect(after.status == 0, "\(after.summary)")
            let list = try await page.run("tarn worker list", on: cluster)
            #expect(list.status == 0 && list.output.contains("w3"), "\(list.summary)")
            #expect(page.left == [], "every command of the page was run")
        }

        /// `workers.md`: one more, one taken away and back, one dead for good, and how fast.
        @Test func workersComeAndGo() async throws {
            let cluster = try await TarnCluster.formed(4)
            try await cluster[1].untilSettled(workers: 4)
            let files = try await FileSet.mounted(on: cluster, small: 10, largeMebibytes: 16)
            try await files.readWhole(through: cluster[1])
            var page = try Runbook("workers.md")
            func run(_ command: String, _ flags: String..., says: String) async throws {
                let run = try await page.run(command, adding: flags, on: cluster)
                #expect(run.status == 0 && run.output.contains(says), "\(run.summary)")
            }
            try await run("tarn ring plan --add w5=1GiB", says: "w5")
            try await run("tarn cluster rebalance status", says: "default")
            try await run("tarn ring show", says: "w4")

            try await run("tarn worker drain w4 --dry-run", says: "w4")
            try await run("tarn worker drain w4", "--yes", says: "SAFE TO POWER OFF")
            try await run("tarn worker undrain w4", says: "active")
            try await cluster[1].untilSettled(workers: 4)
            try await run("tarn worker drain w4", "--yes", says: "SAFE TO POWER OFF")
            cluster[4].send(SIGTERM)
            _ = try await cluster[4].process?.waitForExit()
            try await run("tarn worker remove w4", "--yes", says: "removed")

            let namesake = try cluster.additional("w4")
            defer { namesake.kill() }
            try namesake.start(join: cluster.peers)
            try await namesake.untilReady()
            try await cluster[1].untilSettled(workers: 4)
            namesake.kill()
            try await cluster[1].until("w4 is dead") {
                try await cluster[1].liveness(of: "w4") == "dead"
            }
            try await run("tarn worker remove w4 --lost", "--yes", says: "removed")
            try await run("tarn ring force", says: "default")
            try await run("tarn cluster rebalance rate 500MiB", says: "500")
            try await run("tarn cluster rebalance pause", says: "paused")
            try await run("tarn cluster rebalance resume", says: "resumed")
            #expect(page.left == [], "every command of the page was run")
            try await files.readWhole(through: cluster[2])
        }
    }
}
