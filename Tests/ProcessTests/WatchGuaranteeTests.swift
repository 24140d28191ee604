// SPDX-License-Identifier: Apache-2.0
import Foundation
import Primitives
import TestKit
import Testing

extension ProcessTests {
    /// What a watch promises, to twenty watchers of five workers of which one after the other is killed.
    ///
    /// With links that break it is in LabTests.
    @Suite struct WatchGuaranteeTests {
        private static let roundCount =
            ProcessInfo.processInfo.environment["TARN_SLOW_TESTS"] == nil ? 4 : 20

        @Test func watchersHearTheSameStoryWhoeverDies() async throws {
            let seed = UInt64.random(in: 0...UInt64.max)
            print("seed \(seed)")
            var random = SplitMix64(seed: seed)
            let cluster = try await TarnCluster.formed(5)
            let trial = WatchTrial(cluster.workers.map(\.web), seed: seed)
            let outcome = try await trial.run {
                for round in 0..<Self.roundCount {
                    let victim = cluster.workers[Int.random(in: 0..<5, using: &random)]
                    victim.kill()
                    try await trial.changes(20, "without \(victim.name), round \(round)")
                    try victim.start()
                    try await victim.untilReady()
                }
            } teller: {
                try await cluster.leader().web
            }
            print("\(trial.watcherCount) watchers: \(outcome)")
            #expect(outcome.complaints == [], "seed \(seed)\n\(cluster.logEnds)")
            #expect(outcome.resumedCount >= Self.roundCount)
            #expect(outcome.revisionCount >= UInt64(20 * Self.roundCount))
        }
    }
}
