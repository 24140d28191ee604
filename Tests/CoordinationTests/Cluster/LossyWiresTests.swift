// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import Primitives
import Testing

extension ClusterTests {
    /// Connections between voters that wait for packets that were lost.
    @Suite struct LossyWiresTests {
        /// Goal: where no message of consensus comes over a connection, datagrams alone keep the leader,
        /// commit what is written, and elect the next leader.
        @Test func consensusGoesBesideWiresThatLose() async throws {
            try await TestCluster.run(count: 3, datagrams: .bound) { cluster in
                try await cluster[0].write(put("/before"))
                try await cluster.agree()
                let leader = try await cluster.leader()
                let term = try leader.node.status().term
                for worker in cluster.workers {
                    worker.wires.lose()
                    worker.wires.mute()
                }
                for number in 0..<20 {
                    try await cluster[number % 3].write(put("/w\(number)"))
                }
                try await cluster.agree()
                #expect(try leader.node.status().term == term, "nobody else was elected")
                #expect(cluster.workers.allSatisfy { $0.wires.sparedCount > 0 })

                await leader.stop(.crash)
                let next = try await cluster.leader()
                try await next.write(put("/after"))
                try await cluster.agree()
            }
        }

        /// Goal: who has no socket has nothing to spare its connections for.
        @Test func wiresThatLoseAreUsedWhereThereIsNoOtherWay() async throws {
            try await TestCluster.run(count: 3) { cluster in
                try await cluster[0].write(put("/before"))
                try await cluster.agree()
                let leader = try await cluster.leader()
                let term = try leader.node.status().term
                for worker in cluster.workers { worker.wires.lose() }
                for number in 0..<20 {
                    try await cluster[number % 3].write(put("/w\(number)"))
                }
                try await cluster.agree()
                #expect(try leader.node.status().term == term, "nobody else was elected")
                #expect(cluster.workers.allSatisfy { $0.wires.sparedCount == 0 })
            }
        }
    }
}
