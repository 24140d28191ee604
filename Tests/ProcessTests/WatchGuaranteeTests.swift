// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import Primitives
import TestKit
import Testing

extension ProcessTests {
    /// What a watch promises, to twenty watchers of five workers of which one after the other is killed.
    @Suite struct WatchGuaranteeTests {
        private static let watcherCount = 20
        private static let roundCount =
            ProcessInfo.processInfo.environment["TARN_SLOW_TESTS"] == nil ? 4 : 20

        @Test func watchersHearTheSameStoryWhoeverDies() async throws {
            let seed = UInt64.random(in: 0...UInt64.max)
            print("seed \(seed)")
            var random = SplitMix64(seed: seed)
            let cluster = try await TarnCluster.formed(5)
            let begin = try await cluster[1].cluster().revision + 1
            let watchers = (0..<Self.watcherCount).map {
                PersistentWatcher(number: $0, from: begin)
            }

            try await withThrowingDiscardingTaskGroup { group in
                for watcher in watchers {
                    group.addTask { await watcher.run(cluster.workers) }
                }
                group.addTask { await Self.write(cluster.workers, seed: seed) }
                defer { group.cancelAll() }
                for round in 0..<Self.roundCount {
                    let head = try await Self.head(cluster)
                    let victim = cluster.workers[Int.random(in: 0..<5, using: &random)]
                    victim.kill()
                    try await waitUntil("20 changes without \(victim.name), round \(round)") {
                        try await Self.head(cluster) >= head + 20
                    }
                    try victim.start()
                    try await victim.untilReady()
                }
            }

            // Told by one watch of a worker that has it all.
            let leader = try await cluster.leader()
            let head = try await leader.cluster().revision
            let story = PersistentWatcher(number: Self.watcherCount, from: begin)
            let reading = Task { await story.run([leader]) }
            defer { reading.cancel() }
            try await waitUntil("the whole story, through \(head)") {
                story.isComplete(through: head)
            }
            #expect(story.complaints == [])
            for watcher in watchers {
                let last = Task { await watcher.run(cluster.workers) }
                defer { last.cancel() }
                let what = "watcher \(watcher.number) at \(watcher.heard) of \(head)"
                try await waitUntil("\(what), seed \(seed)\n\(cluster.logEnds)") {
                    watcher.isComplete(through: head)
                }
                #expect(watcher.complaints == [], "watcher \(watcher.number), seed \(seed)")
                let difference = watcher.difference(from: story, through: head)
                #expect(difference == nil, "watcher \(watcher.number), seed \(seed)")
            }
            let resumed = watchers.reduce(0) { $0 + $1.streamCount - 1 }
            print(
                "\(Self.watcherCount) watchers: \(head - begin + 1) revisions, resumed \(resumed) times"
            )
            #expect(resumed >= Self.roundCount)
        }

        private static func head(_ cluster: TarnCluster) async throws -> UInt64 {
            var head: UInt64 = 0
            for worker in cluster.workers {
                let answer = try? await worker.web.get("/v1/cluster", within: .seconds(5))
                head = max(head, (try? answer?.document(ClusterDocument.self).revision) ?? 0)
            }
            return head
        }

        /// Puts and deletes, at any worker, whatever becomes of it.
        private static func write(_ workers: [TarnWorker], seed: UInt64) async {
            var random = SplitMix64(seed: seed ^ 0x5757)
            var number = 0
            while !Task.isCancelled {
                number += 1
                let worker = workers[Int.random(in: 0..<workers.count, using: &random)]
                let target = "/v1/mount?path=/w/m\(Int.random(in: 0..<10, using: &random))"
                if random.chance(percent: 25) {
                    _ = try? await worker.web.call("DELETE", target, within: .seconds(5))
                } else {
                    _ = try? await worker.web.call(
                        "PUT",
                        target,
                        ["If-Match": "*"],
                        body: #"{"origin":"s3://lake/\#(number)"}"#,
                        within: .seconds(5)
                    )
                }
            }
        }
    }
}
