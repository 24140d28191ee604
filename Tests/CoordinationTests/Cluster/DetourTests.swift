// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import Primitives
import Testing

extension ClusterTests {
    /// A worker that the leader alone does not hear, nor it the leader.
    @Suite struct DetourTests {
        /// Cuts the link between the leader and one follower; returns when the follower knows.
        private static func cut(
            in cluster: TestCluster
        ) async throws -> (leader: TestWorker, lonely: TestWorker, other: TestWorker) {
            try await cluster[0].write(put("/before"))
            try await cluster.agree()
            let leader = try await cluster.leader()
            let followers = cluster.followers(of: leader)
            let (lonely, other) = (followers[0], followers[1])
            leader.wires.cut(to: [lonely.address])
            lonely.wires.cut(to: [leader.address])
            try await eventually("the leader is not heard") {
                try lonely.node.status().leader == nil && lonely.node.status().quorumHave == 2
            }
            return (leader, lonely, other)
        }

        /// Goal: writes are taken, once each, without a wait for the leader and without an election.
        @Test func itsWritesGoThroughAnotherVoter() async throws {
            try await TestCluster.run(count: 3) { cluster in
                let (leader, lonely, _) = try await Self.cut(in: cluster)
                let term = try leader.node.status().term
                let before = try leader.node.view().catalog.revision
                // The first may have to wait until it is sure that the leader is not dead.
                try await lonely.write(put("/first"))
                let began = ContinuousClock.now
                for number in 0..<5 {
                    let revision = try await lonely.write(put("/w\(number)"))
                    #expect(revision.rawValue == before.rawValue + 2 + UInt64(number), "once each")
                }
                #expect(ContinuousClock.now - began < .seconds(4), "no wait for a leader")
                #expect(try leader.node.status().term == term)
                #expect(try leader.node.view().catalog.revision.rawValue == before.rawValue + 6)

                for worker in cluster.workers { worker.wires.mend() }
                try await cluster.agree()
                try await lonely.write(put("/after"))
            }
        }

        /// Goal: a read is as new as the call, or refused: what the others have meanwhile does not reach
        /// the log of a voter whose leader does not.
        @Test func itsReadsAreConfirmedThroughAnotherVoter() async throws {
            try await TestCluster.run(count: 3) { cluster in
                let (leader, lonely, _) = try await Self.cut(in: cluster)
                #expect(try await lonely.read("/before") != nil)
                try await leader.write(put("/meanwhile"))
                let error = try await lonely.readFailure(within: .seconds(3))
                #expect(error == .noLeader)
                for worker in cluster.workers { worker.wires.mend() }
                #expect(try await lonely.read("/meanwhile") != nil)
            }
        }

        /// Goal: a refusal that applies nothing stays one on the way through, and whoever is not led
        /// any more waits for the next.
        @Test func whatTheVoterInBetweenIsToldIsTheAnswer() async throws {
            try await TestCluster.run(count: 3) { cluster in
                let (leader, lonely, other) = try await Self.cut(in: cluster)
                try await lonely.write(put("/first"))
                await #expect(throws: CatalogRefusal.self) {
                    try await lonely.write(put("/first", if: .absent(plain: true)))
                }
                // Nobody hears the leader any more: the two elect another, and go on with that one.
                leader.wires.cut(to: [other.address])
                other.wires.cut(to: [leader.address])
                try await lonely.write(put("/next", key: "next"))
                let next = try lonely.node.status().leader
                #expect(next == lonely.name || next == other.name)
                #expect(try lonely.node.view().catalog.mount(at: "/next") != nil)
            }
        }
    }
}

extension TestWorker {
    /// Why a linearizable read fails here; `nil` where it is confirmed.
    fileprivate func readFailure(within limit: Timespan) async throws -> CoordinationError? {
        let node = try node
        do throws(CoordinationError) {
            try await node.readBarrier(within: limit)
            return nil
        } catch {
            return error
        }
    }
}
