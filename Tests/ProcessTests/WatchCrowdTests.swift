// SPDX-License-Identifier: Apache-2.0
import Foundation
import TestKit
import Testing

extension ProcessTests {
    /// Many watches over three workers, while mounts change fifty times a second.
    @Suite struct WatchCrowdTests {
        private static let isPatient = ProcessInfo.processInfo.environment["TARN_SLOW_TESTS"] != nil
        private static let watchCount = isPatient ? 999 : 150
        private static let changeCount = isPatient ? 1_000 : 150
        private static let ratePerSecond = 50
        /// Of a worker's memory, for each stream it serves.
        private static let streamBytes = 40 << 10

        @Test func everybodyHearsOfEveryChangeSoon() async throws {
            let cluster = try await TarnCluster.formed()
            for number in 0..<20 {
                let answer = try await cluster[1].putMount("/w/m\(number)", "s3://lake/x")
                #expect(answer.status == 201)
            }
            // What changes cost without anybody who watches is not the streams' doing.
            for number in 0..<Self.changeCount {
                let worker = cluster[number % 3 + 1]
                _ = try await worker.putMount("/w/m\(number % 20)", "s3://x", ["If-Match": "*"])
            }
            let before = try cluster.workers.map { try $0.residentBytes() }
            var watches: [WebLines] = []
            for number in 0..<Self.watchCount {
                let worker = cluster.workers[number % 3]
                watches.append(try await worker.web.lines("/v1/watch?prefix=mounts/"))
            }
            try await waitUntil("all watches begin") { watches.allSatisfy { $0.status == 200 } }

            var acknowledged: [UInt64: ContinuousClock.Instant] = [:]
            let start = ContinuousClock.now
            for number in 0..<Self.changeCount {
                let due = start + .milliseconds(1_000 * number / Self.ratePerSecond)
                try await waitUntil("the time of change \(number)") { ContinuousClock.now >= due }
                let asked = ContinuousClock.now
                let answer = try await cluster[number % 3 + 1].putMount(
                    "/w/m\(number % 20)",
                    "s3://lake/\(number)",
                    ["If-Match": "*"]
                )
                let revision = try #require(answer.json["modRevision"] as? Int)
                acknowledged[UInt64(revision)] = asked
            }
            let took = Double((ContinuousClock.now - start).nanoseconds) / 1e9
            for watch in watches {
                try await waitUntil("all \(Self.changeCount) changes", within: .seconds(60)) {
                    watch.changes.count >= Self.changeCount
                }
            }
            let after = try cluster.workers.map { try $0.residentBytes() }
            var delays: [Double] = []
            for watch in watches {
                let changes = watch.changes
                let isWhole = changes.map(\.revision) == acknowledged.keys.sorted()
                #expect(isWhole, "\(changes.count) of \(acknowledged.count), in order")
                for (revision, time) in changes {
                    guard let asked = acknowledged[revision] else { continue }
                    delays.append(Double((time - asked).nanoseconds) / 1e6)
                }
            }
            delays.sort()
            let p99 = delays[delays.count * 99 / 100]
            let grown = zip(after, before).reduce(0) { $0 + Int($1.0) - Int($1.1) }
            print(
                "\(Self.watchCount) watches at 3 workers, \(Self.changeCount) changes in \(took) s: "
                    + "median \(delays[delays.count / 2]) ms, p99 \(p99) ms, longest "
                    + "\(delays[delays.count - 1]) ms; \(grown / Self.watchCount / 1024) KiB a stream"
            )
            #expect(p99 <= 500)
            if Self.isPatient { #expect(grown / Self.watchCount <= Self.streamBytes) }
        }
    }
}
