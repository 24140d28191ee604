// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import Primitives
import Testing

extension ClusterTests {
    /// Goal: a bit that memory turns in one voter's catalog is found, only that voter makes its
    /// catalog anew, and nobody ever takes over what it holds.
    @Suite struct DivergenceTests {
        static let origin = "s3://a-bucket-with-a-long-name/prefix"

        static var limits: CoordinationLimits {
            var limits = CoordinationLimits()
            limits.digestEntries = 8
            return limits
        }

        func fill(_ worker: TestWorker, _ count: Int, _ prefix: String) async throws {
            for number in 0..<count {
                let path = "/\(prefix)\(number)"
                try await worker.write(put(path, Self.origin, key: path))
            }
        }

        /// Waits until all hold the same catalog, byte by byte.
        func allSound(_ cluster: TestCluster) async throws {
            try await cluster.agree()
            try await eventually("all catalogs are sound and equal") {
                let catalogs = try cluster.workers.map { try $0.node.view().catalog }
                return catalogs.allSatisfy(\.isIntact)
                    && Set(catalogs.map { $0.encodeSnapshot() }).count == 1
            }
        }

        @Test func aFollowerWithAFlippedBitMakesItsCatalogAnew() async throws {
            try await TestCluster.run(count: 3, limits: Self.limits) { cluster in
                let leader = try await cluster.leader()
                let followers = cluster.followers(of: leader)
                try await fill(leader, 20, "a")
                try await cluster.agree()

                try followers[0].flipBit(at: "/a3")
                #expect(try !followers[0].node.view().catalog.isIntact)
                try await fill(leader, 160, "b")
                try await allSound(cluster)
                #expect(try followers[0].hasReloaded && !followers[1].hasReloaded)
                #expect(try !leader.hasReloaded)
                try await eventually("no alarm is left") {
                    try cluster.workers.allSatisfy { try $0.node.status().alarms.isEmpty }
                }
                #expect(try await followers[0].read("/b159") != nil)
            }
        }

        @Test func aLeaderWithAFlippedBitStepsDownAndMakesItsCatalogAnew() async throws {
            try await TestCluster.run(count: 3, limits: Self.limits) { cluster in
                let leader = try await cluster.leader()
                let followers = cluster.followers(of: leader)
                try await fill(leader, 20, "a")
                try await cluster.agree()

                try leader.flipBit(at: "/a3")
                try await fill(followers[0], 160, "b")
                try await allSound(cluster)
                #expect(try leader.hasReloaded)
                for follower in followers { #expect(try !follower.hasReloaded) }
                #expect(try await leader.read("/b159") != nil)
            }
        }

        /// A leader with bad memory and a follower that lags far behind would be two of three.
        ///
        /// But what is not known to be the majority's is never made a snapshot, so the follower gets the
        /// log, and with the other one it is the majority.
        @Test func aDamagedLeaderGivesALaggingFollowerNothingToTakeOver() async throws {
            var limits = Self.limits
            limits.snapshotEntries = 20
            limits.trailingEntries = 5
            limits.logSegmentBytes = 4096
            try await TestCluster.run(count: 3, limits: limits) { cluster in
                let leader = try await cluster.leader()
                let away = cluster.followers(of: leader)[0]
                let sound = cluster.followers(of: leader)[1]
                try await fill(leader, 20, "a")
                try await cluster.agree()
                await away.stop(.crash)
                try away.forgetCheckpoint()

                try leader.flipBit(at: "/a3")
                let before = leader.snapshotCount
                try await fill(leader, 60, "b")
                #expect(leader.snapshotCount <= before + 1, "one that was proven before, at most")

                try await away.start()
                try await fill(sound, 160, "c")
                try await allSound(cluster)
                #expect(try leader.hasReloaded && !sound.hasReloaded)
                try await eventually("snapshots go on") { sound.snapshotCount > 0 }
            }
        }

        /// Three catalogs, none equal: nobody can say who is right.
        @Test func withoutAMajorityNothingIsWrittenUntilOneIsMadeAnew() async throws {
            try await TestCluster.run(count: 3, limits: Self.limits) { cluster in
                let leader = try await cluster.leader()
                let followers = cluster.followers(of: leader)
                try await fill(leader, 20, "a")
                try await cluster.agree()
                try leader.flipBit(at: "/a3")
                try followers[0].flipBit(at: "/a5")

                var failure: CoordinationError?
                for number in 0..<100 where failure == nil {
                    failure = try await leader.failure(
                        of: put("/b\(number)", Self.origin),
                        within: .seconds(10)
                    )
                }
                guard case .unsafe = failure else {
                    Issue.record("writes ended with \(String(describing: failure))")
                    return
                }
                for worker in cluster.workers { #expect(try !worker.hasReloaded) }
                try await eventually("everybody says so") {
                    try cluster.workers.allSatisfy { worker in
                        let kinds = try worker.node.status().alarms.map(\.alarm.kind)
                        return Set(kinds) == [.catalogNoMajority]
                    }
                }

                // What the alarm says to do.
                await followers[0].stop(.crash)
                try followers[0].forgetCheckpoint()
                try await followers[0].start()
                try await eventually("writes go on") {
                    try await followers[1].failure(
                        of: put("/again", Self.origin),
                        within: .seconds(5)
                    ) == nil
                }
                try await allSound(cluster)
                #expect(try leader.hasReloaded && !followers[1].hasReloaded)
            }
        }
    }
}

extension TestWorker {
    /// Whether the catalog was replaced since: who watches from the first revision is told to reload.
    var hasReloaded: Bool {
        get throws {
            let request = WatchRequest(from: Revision(1), includesState: false, prefix: "")
            let node = try node
            do throws(CoordinationError) {
                _ = try node.watch(request)
                return false
            } catch {
                return true
            }
        }
    }

    /// Turns one bit of the live catalog, where the text of this mount's origin lies in memory.
    func flipBit(at path: ByteString) throws {
        var origin = try #require(try node.view().catalog.mount(at: path)).mount.origin
        try #require(origin.utf8.count > 15, "short texts live in the value itself")
        origin.withUTF8 { text in
            let bytes = unsafe UnsafeMutableBufferPointer(mutating: text)
            unsafe bytes[bytes.count - 1] ^= 1
        }
    }
}
