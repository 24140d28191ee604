// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import Primitives
import Testing

extension ClusterTests {
    /// A worker that comes back without its disk, and the vote it had.
    @Suite struct ReplacementTests {
        private func voters(_ worker: TestWorker) throws -> [String] {
            try worker.node.status().voters.map(\.name).sorted()
        }

        @Test func aWipedVoterIsAnotherWorkerAndGetsTheVoteBack() async throws {
            try await TestCluster.run(count: 3) { cluster in
                try await cluster[0].write(put("/a"))
                await cluster[2].stop(.crash)
                try await cluster[0].write(put("/b"))
                try cluster[2].wipe()
                try await cluster[2].start()
                try await eventually("it votes as another node", within: .seconds(30)) {
                    try cluster[2].isVoter && cluster[2].node.readiness() == .ready
                }
                try await eventually("everybody sees three votes") {
                    try cluster.workers.allSatisfy { try voters($0) == ["w1", "w2", "w3"] }
                }
                let catalog = try cluster[0].node.view().catalog
                #expect(catalog.worker(named: "w3")?.id == NodeID(4))
                #expect(catalog.cluster?.voters == [NodeID(1), NodeID(2), NodeID(4)])

                await cluster[0].stop(.crash)  // Its vote is needed now.
                try await cluster[1].write(put("/c"))
                #expect(try await cluster[2].read("/b") != nil)
            }
        }

        @Test func withoutAQuorumNobodyTakesAPlace() async throws {
            try await TestCluster.run(count: 3) { cluster in
                try await cluster[0].write(put("/a"))
                await cluster[1].stop(.crash)
                await cluster[2].stop(.crash)
                try cluster[2].wipe()
                try await cluster[2].start()
                try await eventually("it is replacing") {
                    try cluster[2].node.readiness() == .waiting(.replacing)
                }
                try await eventually("no quorum is said") {
                    let failure = try await cluster[0].failure(of: put("/b"), within: .seconds(3))
                    #expect(failure != nil, "a wiped voter made a quorum")
                    if case .noQuorum = failure { return true }
                    return failure == nil
                }
                await #expect(throws: CoordinationError.self, "nor is it fresh for an init") {
                    try await cluster[2].node.initialise(
                        TestCluster.request(voters: 1),
                        within: .seconds(2)
                    )
                }
                #expect(!cluster[2].isVoter)
                #expect(try cluster[2].node.readiness() == .waiting(.replacing))
            }
        }

        /// The vote goes to the worker with the name, though another could have it at once.
        @Test func theOneThatWasRetiredIsRefused() async throws {
            try await TestCluster.run(count: 4, voters: 3) { cluster in
                await cluster[2].stop(.crash)
                let other = try TestWorker("w3")
                other.look(for: cluster.workers.prefix(2).map(\.address))
                try await other.start()
                try await eventually("it votes", within: .seconds(30)) { other.isVoter }

                try await cluster[2].start()  // With the old disk, on the old address.
                let reason = try await cluster[2].node.refusal(within: .seconds(15))
                #expect(reason?.contains("retired") == true, "\(reason ?? "nothing")")
                await cluster[2].stop(.crash)
                await #expect(throws: (any Error).self, "and from now on at once") {
                    try await cluster[2].start()
                }
                try await cluster[0].write(put("/a"))
                await other.stop(.crash)
            }
        }

        /// An observer whose disk is lost is replaced as well; no vote moves.
        @Test func aWipedObserverIsReplaced() async throws {
            try await TestCluster.run(count: 4, voters: 3) { cluster in
                try await eventually("w4 has its place") {
                    try cluster[0].node.view().catalog.worker(named: "w4") != nil
                }
                await cluster[3].stop(.crash)
                try cluster[3].wipe()
                try await cluster[3].start()
                try await eventually("it is ready again", within: .seconds(30)) {
                    try cluster[3].node.readiness() == .ready
                }
                #expect(!cluster[3].isVoter)
                #expect(try voters(cluster[3]) == ["w1", "w2", "w3"])
            }
        }
    }
}
