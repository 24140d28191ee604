// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import Primitives
import Testing

extension ClusterTests {
    @Suite struct ReplicationTests {
        @Test func anyNodeWritesAndReadsWhatAnyOtherWrote() async throws {
            try await TestCluster.run(count: 5, voters: 3) { cluster in
                var last = Revision.zero
                for (number, writer) in cluster.workers.enumerated() {
                    let revision = try await writer.write(put("/m\(number)"))
                    #expect(revision > last, "revisions grow in real time")
                    last = revision
                    #expect(
                        try writer.node.view().catalog.mount(at: ByteString("/m\(number)")) != nil
                    )
                    for reader in cluster.workers {
                        #expect(try await reader.read("/m\(number)")?.modRevision == revision)
                    }
                }
                try await cluster.agree()
                for worker in cluster.workers {
                    try await eventually("an age is known at \(worker.name)") {
                        let age = try worker.node.view().staleness
                        return age.map { $0 < .seconds(2) } ?? false
                    }
                }
            }
        }

        @Test func aRepeatedWriteTakesEffectOnce() async throws {
            try await TestCluster.run(count: 3) { cluster in
                let first = try await cluster[0].write(
                    put("/a", if: .absent(plain: true), key: "k")
                )
                for worker in cluster.workers {
                    let again = try await worker.write(
                        put("/a", if: .absent(plain: true), key: "k")
                    )
                    #expect(again == first)
                }
            }
        }

        @Test func aRestartOfAllKeepsEverythingAndAddsNoRevision() async throws {
            try await TestCluster.run(count: 4, voters: 3) { cluster in
                for number in 0..<5 { try await cluster[number % 4].write(put("/m\(number)")) }
                try await cluster.agree()
                try await eventually("all are active") {
                    try cluster[0].node.view().catalog.workers.allSatisfy { $0.state == .active }
                }
                try await cluster.agree()
                let before = try cluster[0].node.view().catalog
                await withDiscardingTaskGroup { group in
                    for worker in cluster.workers { group.addTask { await worker.stop(.crash) } }
                }
                // Everybody elsewhere, so that only `join` helps them to find each other.
                for worker in cluster.workers { try worker.move() }
                let join = cluster.workers.map(\.address)
                for worker in cluster.workers {
                    worker.look(for: join)
                    try await worker.start()
                }
                _ = try await cluster.leader()
                for worker in cluster.workers {
                    #expect(try await worker.read("/m4") != nil)
                    let after = try worker.node.view().catalog
                    #expect(after.revision == before.revision, "a plain restart changes nothing")
                    #expect(after.stateDigest == before.stateDigest || after.workers.count == 4)
                }
                try await cluster[3].write(put("/after"))
            }
        }

        @Test func leadershipIsHandedOverOnRequestAndAtTheEnd() async throws {
            try await TestCluster.run(count: 3) { cluster in
                let first = try await cluster.leader()
                let heir = cluster.followers(of: first)[0]
                let asked = cluster.followers(of: first)[1]
                let name = try await asked.node.transferLeadership(
                    to: heir.name,
                    within: .seconds(10)
                )
                #expect(name == heir.name)
                await #expect(throws: CoordinationError.self) {
                    try await asked.node.transferLeadership(to: "nobody", within: .seconds(1))
                }
                try await eventually("all know") {
                    try cluster.workers.allSatisfy { try $0.node.status().leader == heir.name }
                }
                let began = ContinuousClock.now
                await heir.stop(.farewell)
                try await first.write(put("/after"))
                #expect(ContinuousClock.now - began < .seconds(3))
            }
        }

        @Test func writesGoOnWhenTheLeaderIsGoneAndNothingAcknowledgedIsLost() async throws {
            try await TestCluster.run(count: 3) { cluster in
                var acknowledged: [String] = []
                for round in 0..<3 {
                    let leader = try await cluster.leader()
                    let writer = cluster.followers(of: leader)[0]
                    for number in 0..<3 {
                        let path = "/r\(round)-\(number)"
                        try await writer.write(put(path, key: path))
                        acknowledged.append(path)
                    }
                    await leader.stop(.crash)
                    let path = "/r\(round)-after"
                    try await writer.write(put(path, key: path))
                    acknowledged.append(path)
                    try await leader.start()
                    try await eventually("all hear each other") {
                        try cluster.workers.allSatisfy { try $0.node.status().quorumHave == 3 }
                    }
                }
                for worker in cluster.workers {
                    for path in acknowledged {
                        #expect(try await worker.read(path) != nil, "\(path) at \(worker.name)")
                    }
                }
            }
        }

        @Test func everyNodesWatchersSeeOneHistoryAcrossALeadersEnd() async throws {
            try await TestCluster.run(count: 4, voters: 3) { cluster in
                let leader = try await cluster.leader()
                let from = try leader.node.view().catalog.revision.next
                let request = WatchRequest(
                    from: from,
                    includesState: false,
                    prefix: CatalogKey.mounts
                )
                let watchers = cluster.followers(of: leader)
                let streams = try watchers.map { try $0.node.watch(request) }
                let readings = streams.map { stream in
                    Task { await changes(of: stream, through: "/last") }
                }
                for number in 0..<5 { try await watchers[0].write(put("/a\(number)")) }
                await leader.stop(.crash)
                for number in 0..<5 {
                    try await watchers[1].write(put("/b\(number)", key: "b\(number)"))
                }
                try await watchers[2].write(put("/last", key: "last"))
                var seen: [[CatalogChange]] = []
                for reading in readings { seen.append(await reading.value) }
                #expect(seen[0].count == 11)
                #expect(Set(seen).count == 1, "the same everywhere")
                #expect(zip(seen[0], seen[0].dropFirst()).allSatisfy { $0.revision < $1.revision })
                // A restarted voter has its history again: from its log, not only its checkpoint.
                let voter = try #require(try watchers.first { try $0.node.isVoter })
                await voter.stop(.crash)
                try await voter.start()
                let again = await changes(of: try voter.node.watch(request), through: "/last")
                #expect(again == seen[0], "after a restart too")
            }
        }
    }
}
