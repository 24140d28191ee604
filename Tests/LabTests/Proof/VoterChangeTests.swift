// SPDX-License-Identifier: Apache-2.0
import APIModel
import Primitives
import TestKit
import Testing

extension LabTests {
    /// Votes that move from worker to worker while clients write, and while leaders die of it.
    @Suite(.enabled(if: LabRig.canBuild, LabRig.needs))
    struct VoterChangeTests {
        private static let flags = ["--regions", "lan", "--workers", "5", "--rtt", "lan-lan=1ms"]
        /// kill -9 of leaders at random instants of a change; `dev/regions` asks for all.
        private static let killCount = LabRig.isPatient ? 20 : 4

        @Test func threeBecomeFiveBecomeThreeWithoutTheLeader() async throws {
            try await Lab.with(Self.flags) { lab in
                let workers = try await Self.formed(lab)
                let record = RegisterRecord()
                try await RegisterClient.writing(to: workers, into: record) {
                    try await lab.tarnDone(["cluster", "update", "--voters", "5"], at: "lan1")
                    try await Self.until(5, vote: workers)
                    let leader = try await workers.settledLeader()
                    for name in workers.names.filter({ $0 != leader }).prefix(3) {
                        try await lab.tarnDone(["cluster", "promote", name], at: "lan1")
                    }
                    try await lab.tarnDone(["cluster", "update", "--voters", "3"], at: "lan1")
                    try await Self.until(3, vote: workers)
                    #expect(try await !workers.voters().contains(leader))
                    #expect(try await workers.settledLeader() != leader)
                }
                print(
                    "3 → 5 → 3 voters: \(record.answeredCount) operations, longest without a write "
                        + "\(record.longestGap(from: 0, to: record.now)) s"
                )
                #expect(record.longestGap(from: 0, to: record.now) <= 2.5)
                #expect(record.violation() == nil)
            }
        }

        @Test func leadersThatDieAmidAChangeLeaveNobodyBetween() async throws {
            let seed = UInt64.random(in: 0...UInt64.max)
            print("seed \(seed)")
            var random = SplitMix64(seed: seed)
            try await Lab.with(Self.flags) { lab in
                let workers = try await Self.formed(lab)
                let record = RegisterRecord()
                try await RegisterClient.writing(to: workers, into: record) {
                    for number in 0..<Self.killCount {
                        let count = number % 2 == 0 ? 5 : 3
                        let leader = try await workers.settledLeader()
                        try await lab.tarnDone(
                            ["cluster", "update", "--voters", "\(count)"],
                            at: leader
                        )
                        // A change takes a second or so, from the first learner to the last vote.
                        let instant = record.now + UInt64.random(in: 0...1_500_000, using: &random)
                        try await waitUntil("the instant of kill \(number)") {
                            record.now >= instant
                        }
                        try await lab.done(["kill", leader])
                        try await lab.done(["start", leader])
                        try await Self.until(count, vote: workers)
                    }
                }
                print("\(Self.killCount) kills: \(record.answeredCount) operations judged")
                #expect(record.violation() == nil, "seed \(seed)")
            }
        }

        private static func formed(_ lab: Lab) async throws -> LabWorkers {
            try await lab.tarnDone(
                ["cluster", "init", "--voters", "3", "--timeout", "60s"],
                at: "lan1"
            )
            let workers = try await LabWorkers(lab)
            try await workers.untilReady()
            return workers
        }

        /// Waits until so many vote by the word of every worker, and nothing is left to do.
        private static func until(_ count: Int, vote workers: LabWorkers) async throws {
            let what = "\(count) voters\n\(workers.lab.logEnds)"
            try await waitUntil(what, within: .seconds(60)) {
                let views = await workers.views()
                return views.count == workers.all.count
                    && views.allSatisfy {
                        $0.voters.count == count && $0.learners.isEmpty && $0.leader != nil
                            && $0.quorum.have == count
                    }
            }
        }
    }
}
