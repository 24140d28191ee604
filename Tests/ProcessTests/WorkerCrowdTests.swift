// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import TestKit
import Testing

extension ProcessTests {
    /// Many workers that come at once.
    @Suite struct WorkerCrowdTests {
        private static let count = 20

        /// Goal: who joins together shares epochs, and soon everybody has the same ring.
        @Test func workersThatJoinTogetherShareEpochs() async throws {
            let cluster = try await TarnCluster.formed()
            try await cluster[1].untilSettled(workers: 3)
            let before = try await cluster[1].ring().epoch
            let crowd = try (1...Self.count).map { try cluster.additional("j\(100 + $0)") }
            defer { for worker in crowd { worker.kill() } }
            let begun = ContinuousClock.now
            for worker in crowd { try worker.start(join: cluster.peers) }
            let started = ContinuousClock.now - begun
            for worker in crowd { try await worker.untilReady() }

            let all = 3 + Self.count
            try await cluster[1].until("all on the ring", within: .seconds(60)) {
                try await cluster[1].ring().workers.count == all
            }
            let published = ContinuousClock.now
            let newest = try await cluster[1].ring()
            for worker in cluster.workers + crowd {
                try await worker.until("the newest ring", within: .seconds(30)) {
                    let ring = try await worker.ring(consistency: "local")
                    return ring.epoch >= newest.epoch
                }
            }
            let agreed = ContinuousClock.now - published
            print("started in \(started), epochs \(newest.epoch - before), agreed after \(agreed)")
            #expect(newest.epoch - before <= 3, "each within a second, at most three together")
            #expect(agreed < .seconds(10), "3 s on a quiet machine")
            try await cluster[1].untilSettled(workers: all)
            let rings = try await (cluster.workers + crowd).asyncMap {
                try await $0.ring(consistency: "local")
            }
            let newestRings = rings.filter { $0.epoch == newest.epoch }
            #expect(Set(newestRings.map(\.workers)).count == 1, "one epoch, one ring")
            #expect(newestRings.count == all)
        }
    }
}
