// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import Primitives
import TestKit
import Testing

extension ProcessTests {
    /// Three voters and thirty more workers in three regions, each a process.
    @Suite struct FeedTreeTests {
        private static let regions = ["ap", "us", "eu"]

        /// Goal: with thirty workers without a vote the voters feed nine relays, an event reaches everybody,
        /// and a relay that is killed, or hangs, is replaced within two seconds; nothing is lost or comes
        /// twice.
        @Test func thirtyWorkersLiveByNineRelays() async throws {
            let cluster = try await TarnCluster.formed(3, flags: ["--region", "ap"])
            let others = try await thirty(joining: cluster)
            defer { for worker in others { worker.kill() } }
            let asked = others[0]
            try await asked.until("the voters feed nine relays alone", within: .seconds(180)) {
                let seen = try await asked.cluster()
                guard seen.relays.count == 9, seen.observers == 21 else { return false }
                return try await streams(of: cluster.workers) == 9
            }
            let relays = try await asked.cluster().relays
            let relaying = others.filter { relays.contains($0.name) }
            try await asked.until("the relays feed the rest", within: .seconds(60)) {
                try await streams(of: relaying) == 21
            }
            let role = try await asked.listedWorkers().first { $0.name == relays[0] }?.role
            #expect(role == "relay")
            let status = try await cluster.done(["cluster", "status"], at: asked)
            #expect(status.contains("21 observers") && status.contains(" old at most"), "\(status)")

            let head = try await cluster[1].cluster().revision
            var watches: [WebLines] = []
            for worker in others {
                watches.append(
                    try await worker.web.lines("/v1/watch?from=\(head + 1)&prefix=mounts/")
                )
            }
            // The two relays of `us` and `eu` that feed most.
            var victims: [TarnWorker] = []
            for region in ["us", "eu"] {
                let here = relaying.filter { $0.name.hasPrefix(region) }
                victims.append(try await busiest(of: here))
            }
            var gone: Set<String> = []
            var path = 0
            for (victim, signal) in zip(victims, [SIGKILL, SIGSTOP]) {
                for _ in 0..<5 {
                    path += 1
                    #expect(try await cluster[1].putMount("/m\(path)", "s3://b/x").status == 201)
                }
                victim.send(signal)
                gone.insert(victim.name)
                let died = ContinuousClock.now
                path += 1
                let answer = try await cluster[1].putMount("/m\(path)", "s3://b/x")
                #expect(answer.status == 201, "\(answer.text)")
                let key = "mounts//m\(path)"
                let living = zip(others, watches).filter { !gone.contains($0.0.name) }
                try await waitUntil("all have it\n\(cluster.logEnds)", within: .seconds(30)) {
                    living.allSatisfy { $0.1.lines.last { $0.contains(key) } != nil }
                }
                let took = ContinuousClock.now - died
                print("everybody had an event \(took) after \(victim.name) got signal \(signal)")
                #expect(took < .seconds(4), "two seconds, and what 33 processes on few cores add")
            }
            let expected = (1...path).map { "mounts//m\($0)" }
            for (worker, watch) in zip(others, watches) where !gone.contains(worker.name) {
                #expect(try keys(of: watch) == expected, "\(worker.name) sees each once, in order")
            }
            #expect(try await streams(of: cluster.workers) <= 9 + 3)
        }

        /// Goal: a mount that rather fails does, once nobody confirms the table for longer than it allows.
        @Test func aMountThatRatherFailsThanIsStaleDoes() async throws {
            let cluster = try await TarnCluster.formed()
            let root = try await cluster.mountDirectory(at: "/data/a", ["x": [1, 2, 3]])
            try await cluster.done(
                ["mount", "add", "/data/strict", "file://\(root)", "--on-stale", "fail:3s"]
            )
            let reader = cluster[1]
            try await reader.until("both are served") {
                let calm = try await reader.web.get("/v1/files/data/a/x")
                let strict = try await reader.web.get("/v1/files/data/strict/x")
                return calm.status == 200 && strict.status == 200
            }
            cluster[2].kill()
            cluster[3].kill()
            try await reader.until("the strict one fails") {
                let strict = try await reader.web.get("/v1/files/data/strict/x")
                return strict.status == 503 && strict.code == "behind"
            }
            #expect(try await reader.web.get("/v1/files/data/a/x").status == 200)
            let age = try await cluster.metric("tarn_catalog_staleness_seconds")
            #expect(age > 3)
        }

        // MARK: - Parts

        /// Ten workers in each region, three at a time, all ready.
        private func thirty(joining cluster: TarnCluster) async throws -> [TarnWorker] {
            var workers: [TarnWorker] = []
            for number in 0..<10 {
                for region in Self.regions {
                    let worker = try cluster.additional(
                        "\(region)\(number)",
                        flags: ["--region", region]
                    )
                    workers.append(worker)
                    try worker.start(join: cluster.peers)
                }
                for worker in workers.suffix(Self.regions.count) {
                    try await worker.untilReady(within: .seconds(120))
                }
            }
            return workers
        }

        /// Workers that these feed.
        private func streams(of workers: [TarnWorker]) async throws -> Int {
            var sum = 0
            for worker in workers { sum += try await streams(of: worker) }
            return sum
        }

        private func streams(of worker: TarnWorker) async throws -> Int {
            let text = try await worker.web.get("/metrics").text
            let line = text.split(separator: "\n").first { $0.hasPrefix("tarn_feed_streams ") }
            return line?.split(separator: " ").last.flatMap { Double($0) }.map { Int($0) } ?? 0
        }

        private func busiest(of workers: [TarnWorker]) async throws -> TarnWorker {
            var found: (worker: TarnWorker, streams: Int)?
            for worker in workers {
                let count = try await streams(of: worker)
                if count > found?.streams ?? -1 { found = (worker, count) }
            }
            return try #require(found).worker
        }

        private func keys(of watch: WebLines) throws -> [String] {
            try watch.lines.compactMap { line in
                guard
                    case .put(_, let key, _, _) = try JSONDecoder().decode(
                        WatchLine.self,
                        from: Data(line.utf8)
                    )
                else { return nil }
                return key
            }
        }
    }
}
