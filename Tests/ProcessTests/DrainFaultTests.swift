// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import Primitives
import TestKit
import Testing

extension ProcessTests {
    /// kill -9 amid a drain: of the worker that drains, of one that takes its pages, of the leader.
    @Suite struct DrainFaultTests {
        /// 20 by `dev/elastic`.
        private static let rounds =
            ProcessInfo.processInfo.environment["TARN_SLOW_TESTS"] == nil ? 3 : 20

        /// Goal: a drain comes to its end whoever dies amid it, and what it says is true.
        ///
        /// A page that its owner is asked for while its holder is down may be read from the origin, then
        /// counted as lost; none is with cause `rebalance`, and every byte is right.
        @Test(.timeLimit(.minutes(30)))
        func aDrainSurvivesWhoeverDies() async throws {
            let seed = UInt64.random(in: 1...1_000_000)
            print("seed \(seed)")
            var random = SplitMix64(seed: seed)
            let cluster = try await TarnCluster.formed(4)
            try await cluster[1].untilSettled(workers: 4)
            let files = try await FileSet.mounted(on: cluster, small: 40, largeMebibytes: 128)
            try await files.readWhole(through: cluster[1])
            // Slow enough for a drain to take two seconds.
            try await cluster.done(["cluster", "rebalance", "rate", "16MiB"])
            let lakeBytes = "tarn_origin_read_bytes_total"
            var rebalanced = 0.0
            for round in 0..<Self.rounds {
                let draining = cluster[1 + round % 4]
                let others = cluster.workers.filter { $0.name != draining.name }
                let leader = try await cluster.leader()
                let victim = [draining, others[round % 3], leader][round % 3]
                let helper = cluster.workers.first { $0.name != victim.name } ?? cluster[1]
                let begun = try await cluster.done(
                    ["worker", "drain", draining.name, "--detach", "--yes"],
                    at: helper
                )
                let id = try #require(
                    begun.split(separator: " ").last.map { String($0.dropLast()) }
                )
                // tested: any instant of the drain.
                try await Task.sleep(for: .milliseconds(Int.random(in: 0...2500, using: &random)))
                // Its counters die with it.
                rebalanced += try await victim.metricSum(lakeBytes, label: #"cause="rebalance""#)
                victim.kill()
                try victim.start()
                try await victim.untilAlive()
                let end = try await cluster.tarn(["job", "wait", id], at: helper)
                #expect(end.status == 0, "round \(round), \(victim.name): \(end.summary)")
                try await helper.until("\(draining.name) is drained") {
                    try await helper.state(of: draining.name) == "drained"
                }
                try await files.readWhole(through: helper)
                try await cluster.done(["worker", "undrain", draining.name], at: helper)
                try await helper.untilSettled(workers: 4)
            }
            try await files.readWhole(through: cluster[2])
            rebalanced += try await cluster.metric(lakeBytes, #"cause="rebalance""#)
            #expect(rebalanced == 0)
        }
    }
}
