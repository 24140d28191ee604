// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import Primitives
import Synchronization
import Testing

extension ClusterTests {
    /// Who should vote, and the leader that brings it about.
    @Suite struct AutopilotTests {
        private static var impatient: CoordinationLimits {
            var limits = CoordinationLimits()
            limits.voterPatienceMS = 2_500
            return limits
        }

        private func untilVoters(
            _ names: [String],
            at workers: [TestWorker],
            within limit: Duration = .seconds(40)
        ) async throws {
            var seen: [String] = []
            try await eventually("\(names) vote", within: limit) {
                seen = try workers.map { worker in
                    try worker.node.status().voters.map(\.name).sorted().joined(separator: " ")
                }
                return seen.allSatisfy { $0 == names.joined(separator: " ") }
            }
        }

        @Test func aSilentVoterIsReplacedAndComesBackWithoutAVote() async throws {
            try await TestCluster.run(count: 4, voters: 3, limits: Self.impatient) { cluster in
                try await cluster[0].write(put("/a"))
                await cluster[2].stop(.crash)
                var outlooks: Set<VotingOutlook.Action> = []
                try await eventually("it is said what will happen") {
                    let outlook = await cluster.workers[3].outlook()
                    if let action = outlook?.action { outlooks.insert(action) }
                    return outlook?.leaving == ["w3"] && outlook?.coming == ["w4"]
                }
                #expect(outlooks == [.replace])
                let running = [cluster[0], cluster[1], cluster[3]]
                try await untilVoters(["w1", "w2", "w4"], at: running)
                try await cluster[1].write(put("/b"))

                try await cluster[2].start()
                try await eventually("it follows", within: .seconds(30)) {
                    try !cluster[2].isVoter && cluster[2].node.readiness() == .ready
                }
                #expect(try await cluster[2].read("/b") != nil)
                try await untilVoters(["w1", "w2", "w4"], at: cluster.workers)
                try await eventually("nothing is left to do") {
                    await cluster[0].outlook()?.action == nil
                }
                await cluster[0].stop(.crash)  // Its successor's vote is needed now.
                try await cluster[1].write(put("/c"))
            }
        }

        @Test func withNobodyToTakeItAVoteStays() async throws {
            try await TestCluster.run(count: 3, limits: Self.impatient) { cluster in
                await cluster[2].stop(.crash)
                try await eventually("it is said what is missing") {
                    let outlook = await cluster[0].outlook()
                    return outlook?.leaving == ["w3"] && outlook?.coming == []
                        && outlook?.waitsFor?.contains("1 worker that could vote") == true
                }
                #expect(try cluster[0].node.status().voters.count == 3)
                try await cluster[2].start()
                try await eventually("all is well again") {
                    await cluster[0].outlook()?.action == nil
                }
                try await untilVoters(["w1", "w2", "w3"], at: cluster.workers)
            }
        }

        /// Through a worker without a vote; the leader among those who lose theirs.
        @Test func aWorkerIsPromotedAndTheLeaderDemoted() async throws {
            try await TestCluster.run(count: 4, voters: 3) { cluster in
                let observer = cluster[3]
                try await cluster[0].write(put("/a"))
                let effect = try await observer.node.effect(of: .promoted, on: "w4")
                #expect(effect.hasPrefix("w4 gets the vote of w"), "\(effect)")
                try await observer.wish(.promoted, "w4")
                try await eventually("w4 votes", within: .seconds(40)) {
                    try observer.isVoter
                        && observer.node.status().voters.map(\.name).contains("w4")
                        && observer.node.status().voters.count == 3
                }
                try await observer.write(put("/b"))

                let leader = try await cluster.leader()
                try #require(leader !== observer, "who leads leaves last, and w4 just came")
                let asked = cluster.followers(of: leader)[0]
                #expect(
                    try await asked.node.effect(of: .demoted, on: leader.name)
                        .hasPrefix("\(leader.name) gives its vote to w")
                )
                try await asked.wish(.demoted, leader.name)
                try await eventually("the leader has no vote", within: .seconds(40)) {
                    let voters = try asked.node.status().voters.map(\.name)
                    return voters.count == 3 && !voters.contains(leader.name) && !leader.isVoter
                }
                try await leader.write(put("/c"))
                #expect(try await asked.read("/c") != nil)

                let other = try asked.node.status().voters.map(\.name)[0]
                await #expect(throws: CoordinationError.self, "nobody is left") {
                    _ = try await asked.node.effect(of: .demoted, on: other)
                }
            }
        }

        /// Three to five and back under load: no acknowledged write is lost.
        @Test func votersComeAndGoUnderLoad() async throws {
            try await TestCluster.run(count: 5) { cluster in
                let acknowledged = Mutex<[String]>([])
                let writer = Task {
                    var number = 0
                    while !Task.isCancelled {
                        let path = "/p\(number)"
                        number += 1
                        if (try? await cluster[4].write(put(path, key: path))) != nil {
                            acknowledged.withLock { $0.append(path) }
                        }
                    }
                }
                defer { writer.cancel() }
                for (count, names) in [
                    (UInt8(5), ["w1", "w2", "w3", "w4", "w5"]), (0, ["w1", "w2", "w3"]),
                ] {
                    _ = try await cluster[4].node.changeVoting(
                        .goal(.zone, voterCount: count),
                        within: .seconds(15)
                    )
                    try await eventually("\(count) vote", within: .seconds(40)) {
                        try cluster.workers.allSatisfy {
                            try $0.node.status().voters.count == names.count
                        }
                    }
                }
                let before = acknowledged.withLock { $0.count }
                try await eventually("writes go on") { acknowledged.withLock { $0.count } > before }
                writer.cancel()
                await writer.value
                let paths = acknowledged.withLock { $0 }
                #expect(paths.count > 20, "the load tested nothing")
                try await cluster[0].node.readBarrier(within: .seconds(15))
                let catalog = try cluster[0].node.view().catalog
                for path in paths {
                    #expect(catalog.mount(at: ByteString(path)) != nil, "\(path) is lost")
                }
            }
        }

        /// Without a number the goal decides, and a cluster of one grows as workers come.
        @Test func aClusterOfOneGrows() async throws {
            let cluster = try await TestCluster(count: 3, joinable: 1)
            try await cluster.ending {
                try await cluster.form()
                #expect(try cluster[0].node.status().voters.count == 1)
                for worker in cluster.workers.dropFirst() { try await worker.start() }
                try await untilVoters(["w1", "w2", "w3"], at: cluster.workers)
            }
        }
    }
}

extension TestWorker {
    fileprivate func outlook() async -> VotingOutlook? { try? await node.votingOutlook() }

    fileprivate func wish(_ kind: VoteWish.Kind, _ name: String) async throws {
        let worker = try #require(try node.view().catalog.worker(named: name))
        let wish = VoteWish(node: worker.id, kind: kind)
        _ = try await node.changeVoting(.wish(wish), within: .seconds(15))
    }
}
