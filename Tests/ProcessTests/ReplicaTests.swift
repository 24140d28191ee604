// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import TestKit
import Testing

extension ProcessTests {
    /// Pages that more than one worker keeps.
    @Suite struct ReplicaTests {
        /// Waits until a file's first page is cached at so many workers.
        private static func untilCached(
            _ path: String,
            at count: Int,
            _ cluster: TarnCluster,
            within limit: Duration = .seconds(30)
        ) async throws {
            var seen: [String] = []
            try await cluster[1].until("\(path) at \(count) workers; \(seen)", within: limit) {
                let answer = try await cluster[1].web.get("/v1/locate?path=\(path)")
                seen = try answer.document(LocateDocument.self).cachedOn
                return seen.count == count
            }
        }

        /// Goal: what was read once survives the loss of any worker, and is copied anew.
        @Test func whatOneWorkerTakesWithItAnotherHas() async throws {
            let cluster = try await TarnCluster.formed(4)
            try await cluster[1].untilSettled(workers: 4)
            let files = try await FileSet.mounted(on: cluster, small: 30, largeMebibytes: 70)
            try await cluster.done(["mount", "update", files.path, "--replicas", "2"])
            try await files.readWhole(through: cluster[1])
            for file in files.files {
                try await Self.untilCached("\(files.path)/\(file.name)", at: 2, cluster)
            }
            let bytes = "tarn_origin_read_bytes_total"
            let before = try await cluster.metric(bytes)
            #expect(Int(before) == files.files.reduce(0) { $0 + $1.bytes.count }, "each page once")
            let ofDead = try await cluster[4].metricSum(bytes)

            cluster[4].kill()
            try await cluster[1].until("w4 is known to be dead") {
                try await cluster[1].listedWorkers().first { $0.name == "w4" }?.liveness == "dead"
            }
            try await cluster.done(["worker", "remove", "w4", "--lost", "--yes"])
            try await cluster[1].untilSettled(workers: 3)
            try await files.readWhole(through: cluster[2])
            #expect(try await cluster.metric(bytes) == before - ofDead, "read from the lake again")
            for file in files.files {
                try await Self.untilCached("\(files.path)/\(file.name)", at: 2, cluster)
            }
        }

        /// Goal: what everybody reads at once gets more copies, for as long as it is read.
        @Test(.enabled(if: ProcessInfo.processInfo.environment["TARN_SLOW_TESTS"] != nil))
        func whatIsHotIsCopiedAndDroppedAgain() async throws {
            let cluster = try await TarnCluster.formed(3)
            try await cluster[1].untilSettled(workers: 3)
            let files = try await FileSet.mounted(on: cluster, small: 3, largeMebibytes: 16)
            try await files.readWhole(through: cluster[1])
            let path = "\(files.path)/large"
            try await Self.untilCached(path, at: 1, cluster)
            try await withThrowingTaskGroup(of: Void.self) { group in
                for number in 0..<4 {
                    group.addTask {
                        while !Task.isCancelled {
                            let answer = try await cluster[1 + number % 3].web.get(
                                "/v1/files\(path)"
                            )
                            try #require(answer.status == 200 && answer.body.count == 16 << 20)
                        }
                    }
                }
                try await Self.untilCached(path, at: 3, cluster, within: .seconds(120))
                group.cancelAll()
                while let end = await group.nextResult() {
                    if case .failure(let error) = end, !(error is CancellationError) { throw error }
                }
            }
            try await Self.untilCached(path, at: 1, cluster, within: .seconds(180))
            let sizes = files.files.reduce(0) { $0 + $1.bytes.count }
            let lakeBytes = try await cluster.metric("tarn_origin_read_bytes_total")
            #expect(Int(lakeBytes) == sizes, "each page once, however many copies")
        }
    }
}
