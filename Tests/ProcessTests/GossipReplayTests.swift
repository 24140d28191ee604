// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import TestKit
import Testing

extension ProcessTests {
    /// What a worker said while it was one, said again when it is none any more.
    @Suite(.enabled(if: geteuid() == 0, "listening to datagrams takes root"))
    struct GossipReplayTests {
        /// Ten minutes by `dev/elastic`.
        private static let replay =
            ProcessInfo.processInfo.environment["TARN_SLOW_TESTS"] == nil
            ? Duration.seconds(5) : .seconds(600)

        @Test(.timeLimit(.minutes(20)))
        func aRemovedWorkerStaysRemoved() async throws {
            let cluster = try await TarnCluster.formed(4)
            try await cluster[1].untilSettled(workers: 4)
            let (gone, others) = (cluster[4], cluster.workers.dropLast())
            let tap = try DatagramTap()
            var said: Set<DatagramTap.Datagram> = []
            func listen() { said.formUnion(tap.datagrams(from: gone.ports.peer)) }
            try await waitUntil("\(said.count) datagrams of w4") {
                listen()
                return said.count >= 50
            }
            try await cluster.done(["worker", "drain", "w4", "--yes"])
            listen()
            gone.kill()
            try await cluster.done(["worker", "remove", "w4", "--yes"])
            listen()
            let epoch = try await cluster[1].ring().epoch

            let sender = try DatagramSender()
            let ports = Set(others.map(\.ports.peer))
            let (end, words) = (
                ContinuousClock.now + Self.replay, said.filter { ports.contains($0.port) }
            )
            try #require(words.count > 20)
            var count = 0
            while ContinuousClock.now < end {
                for word in words { sender.send(word.bytes, to: word.port) }
                count += words.count
                for worker in others {
                    let workers = try await worker.listedWorkers()
                    #expect(workers.map(\.name) == ["w1", "w2", "w3"], "at \(worker.name)")
                    #expect(workers.allSatisfy { $0.liveness == "alive" }, "at \(worker.name)")
                }
            }
            print("\(count) datagrams said again")
            #expect(try await cluster[1].ring().epoch == epoch)
            for worker in others {
                #expect(try await worker.metric(#"tarn_gossip_members{state="alive"}"#) == 3)
            }
        }
    }
}
