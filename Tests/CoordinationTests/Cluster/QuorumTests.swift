// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import Primitives
import Testing

extension ClusterTests {
    @Suite struct QuorumTests {
        /// Who is named as missing; `nil` for any other answer.
        func missing(_ body: () async throws -> Void) async -> [String]? {
            do {
                try await body()
                return nil
            } catch CoordinationError.noQuorum(_, let need, let missing) {
                #expect(need == 2)
                return missing.sorted()
            } catch {
                return nil
            }
        }

        /// Goal: within about a second leader, follower and observer alike say who is missing, for
        /// writes and reads; local reads go on; all heals.
        @Test func aMinoritySaysNoQuorumSoonAndNamesTheMissing() async throws {
            try await TestCluster.run(count: 4, voters: 3) { cluster in
                try await cluster[0].write(put("/a"))
                try await cluster.agree()
                let leader = try await cluster.leader()
                let voters = cluster.workers.filter(\.isVoter)
                let observer = cluster[3]
                #expect(!observer.isVoter)
                for survivor in [leader, voters.first { $0 !== leader } ?? leader] {
                    let gone = voters.filter { $0 !== survivor }
                    for worker in gone { await worker.stop(.crash) }
                    let began = ContinuousClock.now
                    for worker in [survivor, observer] {
                        try await eventually("\(worker.name) names the missing") {
                            let named = await missing {
                                try await worker.node.readBarrier(within: .seconds(9))
                            }
                            return named == gone.map(\.name).sorted()
                        }
                        let named = await missing { try await worker.write(put("/b")) }
                        #expect(named == gone.map(\.name).sorted())
                        #expect(try worker.node.view().catalog.mount(at: "/a") != nil)
                    }
                    #expect(ContinuousClock.now - began < .seconds(4))
                    for worker in gone { try await worker.start() }
                    try await eventually("all answer again") {
                        try observer.node.status().quorumHave == 3
                            && survivor.node.status().quorumHave == 3
                    }
                    try await observer.write(put("/healed"))
                }
            }
        }

        /// Goal: a write that was on its way to a leader that is cut off goes on with the next leader, and
        /// does not wait until the connection is given up.
        @Test func aWriteDoesNotWaitForALeaderThatIsGone() async throws {
            try await TestCluster.run(count: 3) { cluster in
                try await cluster[0].write(put("/a"))
                try await cluster.agree()
                let leader = try await cluster.leader()
                let others = cluster.workers.filter { $0 !== leader }
                leader.wires.cut(to: others.map(\.address))
                for worker in others { worker.wires.cut(to: [leader.address]) }
                let began = ContinuousClock.now
                try await others[0].write(put("/b", key: "once"))
                #expect(ContinuousClock.now - began < .seconds(4))
                for worker in cluster.workers { worker.wires.mend() }
                try await cluster.agree()
                #expect(try leader.node.view().catalog.mount(at: "/b") != nil)
            }
        }

        /// Goal: one voter that hangs without a reset makes no other look silent.
        @Test func aHungVoterMakesNobodyElseLookSilent() async throws {
            try await TestCluster.run(count: 3) { cluster in
                let leader = try await cluster.leader()
                let hung = cluster.followers(of: leader)[0]
                let other = cluster.followers(of: leader)[1]
                for worker in [leader, other] { worker.wires.cut(to: [hung.address]) }
                hung.wires.cut(to: [leader.address, other.address])
                try await eventually("it is missed") {
                    try other.node.status().quorumHave == 2
                }
                let until = ContinuousClock.now + .seconds(3)
                var looks = 0
                while ContinuousClock.now < until {
                    for worker in [leader, other] {
                        #expect(try worker.node.status().quorumHave >= 2)
                        try await worker.node.readBarrier(within: .seconds(5))
                    }
                    looks += 1
                }
                #expect(looks > 3)
                for worker in [leader, other, hung] { worker.wires.mend() }
                try await eventually("it is back") { try other.node.status().quorumHave == 3 }
            }
        }

        /// Goal: while enough voters answer and none leads, a call is held, five seconds at most, and
        /// then told just that; one that is held when somebody leads again is done.
        @Test func aCallWithoutALeaderIsHeldAndThenToldSo() async throws {
            try await TestCluster.run(count: 4, voters: 3) { cluster in
                let (voter, observer) = (cluster[0], cluster[3])
                for worker in cluster.workers { worker.wires.mute() }
                try await eventually("nobody leads, all answer") {
                    try cluster.workers.allSatisfy { worker in
                        let status = try worker.node.status()
                        return status.leader == nil && status.quorumHave == 3
                    }
                }
                let began = ContinuousClock.now
                async let written = voter.failure(of: put("/a"), within: .seconds(5))
                async let forwarded = observer.failure(of: put("/b"), within: .seconds(5))
                async let read = Self.failureOfRead(at: voter)
                async let asked = Self.failureOfRead(at: observer)
                let failures = try await [written, forwarded, read, asked]
                let held = ContinuousClock.now - began
                #expect(failures == [.noLeader, .noLeader, .noLeader, .noLeader])
                #expect(held > .seconds(4.9) && held < .seconds(8), "\(held)")

                async let patient = observer.failure(of: put("/c"), within: .seconds(5))
                for worker in cluster.workers { worker.wires.mend() }
                #expect(try await patient == nil)
                try await cluster.agree()
                #expect(try voter.node.view().catalog.mount(at: "/c") != nil)
                #expect(try voter.node.view().catalog.mount(at: "/a") == nil)
            }
        }

        /// Goal: a transfer that was asked for and not seen to happen may still: it is not refused.
        @Test func aTransferThatDoesNotHappenInTimeMayStill() async throws {
            try await TestCluster.run(count: 3) { cluster in
                let leader = try await cluster.leader()
                let other = cluster.followers(of: leader)[0]
                for worker in cluster.workers { worker.wires.mute() }
                do {
                    let limit = Timespan(milliseconds: 200)
                    let name = try await leader.node.transferLeadership(
                        to: other.name,
                        within: limit
                    )
                    Issue.record("\(name) leads without a message")
                } catch CoordinationError.unfinished(.transfer, let state) {
                    #expect(state.contains(leader.name), "\(state)")
                }
            }
        }

        /// Goal: what is not known about a worker is absent, not zero.
        @Test func aWorkerNeverHeardOfHasNoLoad() async throws {
            try await TestCluster.run(count: 2) { cluster in
                try await eventually("w2 is heard of") {
                    try cluster[0].node.status().workers.allSatisfy { $0.usedBytes == 3 }
                }
                try await cluster.agree()
                await cluster[0].stop()
                await cluster[1].stop(.crash)
                try await cluster[0].start()
                let workers = try cluster[0].node.status().workers
                #expect(workers.map(\.name) == ["w1", "w2"])
                #expect(workers.map(\.usedBytes) == [3, nil])
                #expect(workers.map(\.pages) == [4, nil])
                #expect(workers.map(\.liveness) == [.alive, .dead])
            }
        }

        private static func failureOfRead(at worker: TestWorker) async throws -> CoordinationError?
        {
            do throws(CoordinationError) {
                guard let node = try? worker.node else { return .notInitialised }
                try await node.readBarrier(within: .seconds(5))
                return nil
            } catch {
                return error
            }
        }

        /// Goal: what was appended when the quorum went is unknown, never "not applied"; a write
        /// refused as not applied never appears.
        @Test func onlyAWriteThatMayStillTakeEffectIsUnknown() async throws {
            try await TestCluster.run(count: 3) { cluster in
                let leader = try await cluster.leader()
                let others = cluster.followers(of: leader)
                leader.wires.cut(to: others.map(\.address))
                for worker in others { worker.wires.cut(to: [leader.address]) }
                var refused: [String] = []
                var unknown = 0
                for number in 0..<60 where refused.count < 3 {
                    let path = "/p\(number)"
                    let patience = Timespan(milliseconds: 300)
                    let failure = try await leader.failure(of: put(path), within: patience)
                    #expect(failure != nil, "\(path) was acknowledged without a quorum")
                    if failure == .outcomeUnknown { unknown += 1 } else { refused.append(path) }
                }
                #expect(unknown > 0 && !refused.isEmpty, "\(unknown) unknown, \(refused) refused")
                for worker in cluster.workers { worker.wires.mend() }
                try await eventually("all hear each other") {
                    try cluster.workers.allSatisfy { try $0.node.status().quorumHave == 3 }
                }
                try await leader.write(put("/after", key: "after"))
                try await cluster.agree()
                for path in refused {
                    #expect(
                        try await leader.read(path) == nil,
                        "\(path) was said to be not applied"
                    )
                }
            }
        }
    }
}
