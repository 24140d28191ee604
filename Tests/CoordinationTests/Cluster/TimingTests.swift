// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import Primitives
import Testing

extension ClusterTests {
    @Suite struct TimingTests {
        /// Goal: what init chose is in force on every voter, and again after a restart, whether the
        /// catalog was written down beside the log or not.
        @Test(arguments: [(.lan, 500), (.wan, 1_000)] as [(ClusterEntry.Timing, UInt64)])
        func theProfileOfInitIsInForce(timing: ClusterEntry.Timing, electionMS: UInt64) async throws
        {
            let cluster = try await TestCluster(count: 3)
            try await cluster.ending {
                _ = try await cluster[0].node.initialise(
                    InitialisationRequest(voterCount: 3, survival: .zone, timing: timing),
                    within: .seconds(40)
                )
                try await allHave(electionMS, cluster)
                for worker in cluster.workers { await worker.stop(.crash) }
                try cluster[1].forgetCheckpoint()
                for worker in cluster.workers { try await worker.start() }
                try await allHave(electionMS, cluster)
            }
        }

        private func allHave(_ electionMS: UInt64, _ cluster: TestCluster) async throws {
            try await eventually("every voter has an election timeout of \(electionMS) ms") {
                try cluster.workers.allSatisfy {
                    try $0.node.voterState?.electionMS == electionMS
                }
            }
        }
    }
}
