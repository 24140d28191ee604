// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import Primitives
import SystemIO
import SystemPackage
import Testing

extension ClusterTests {
    @Suite struct SnapshotTests {
        static var small: CoordinationLimits {
            var limits = CoordinationLimits()
            limits.snapshotEntries = 20
            limits.trailingEntries = 5
            limits.digestEntries = 8
            limits.feedCount = 5
            limits.logSegmentBytes = 4096
            return limits
        }

        func write(_ count: Int, through worker: TestWorker, _ prefix: String) async throws {
            for number in 0..<count {
                let path = "/\(prefix)\(number)"
                try await worker.write(put(path, key: path))
            }
        }

        /// Goal: snapshots are taken and the log shortened; a voter that was away longer than the
        /// log reaches gets a snapshot through the real loop and files; all restart from theirs; an
        /// observer behind the feed's horizon gets the state.
        @Test func snapshotsAreTakenSentAndStartedFrom() async throws {
            try await TestCluster.run(count: 4, voters: 3, limits: Self.small) { cluster in
                let leader = try await cluster.leader()
                let away = cluster.followers(of: leader)[0]
                let observer = cluster[3]
                #expect(away.isVoter && !observer.isVoter)
                try await eventually("the observer is active") {
                    try leader.node.view().catalog.workers.allSatisfy { $0.state == .active }
                }
                await away.stop(.crash)
                await observer.stop(.crash)
                try await write(90, through: leader, "s")
                try await eventually("a snapshot is there") { leader.snapshotCount > 0 }
                #expect(leader.firstSegment > 1, "the log was shortened")

                try away.forgetCheckpoint()
                try await away.start()
                try await observer.start()
                try await cluster.agree()
                try await eventually("it came by snapshot") { away.snapshotCount > 0 }
                #expect(try away.node.view().catalog.mountCount == 90)

                for worker in cluster.workers { await worker.stop(.crash) }
                for worker in cluster.workers {
                    try worker.forgetCheckpoint()
                    try await worker.start()
                }
                try await cluster.allReady()
                for worker in cluster.workers { #expect(try await worker.read("/s89") != nil) }
                try await away.write(put("/after"))
                try await cluster.agree()
            }
        }
    }
}

extension TestWorker {
    private var logNames: [String] { (try? Directory.names(in: directory.appending("log"))) ?? [] }

    var snapshotCount: Int { logNames.count { $0.hasPrefix("snapshot") } }

    /// Number of the oldest segment file.
    var firstSegment: Int {
        logNames.filter { $0.hasPrefix("segment-") }
            .compactMap { Int($0.dropFirst(8), radix: 16) }.min() ?? 0
    }

    /// Leaves only what consensus itself keeps.
    func forgetCheckpoint() throws {
        try? Directory.unlink(directory.appending("catalog"))
    }
}
