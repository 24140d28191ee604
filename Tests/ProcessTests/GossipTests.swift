// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import Primitives
import TestKit
import Testing

extension ProcessTests {
    /// What workers know of each other's liveness.
    @Suite struct GossipTests {
        /// Goal: a process that is killed is dead for everybody within a second.
        @Test func aKilledWorkerIsDeadForTheOthersWithinASecond() async throws {
            let cluster = try await TarnCluster.formed(4)
            try await cluster.untilAll(.alive)
            let others = [cluster[1], cluster[2], cluster[3]]
            let begun = ContinuousClock.now
            cluster[4].kill()
            for worker in others {
                try await worker.until("w4 dead for \(worker.name)", within: .seconds(10)) {
                    try await worker.liveness(of: "w4") == "dead"
                }
            }
            let took = ContinuousClock.now - begun
            print("killed: dead for three others after \(took)")
            #expect(took < .seconds(3), "1 s on a quiet machine")
            #expect(try await cluster[1].metric(#"tarn_gossip_members{state="dead"}"#) == 1)
            #expect(try await cluster[1].metric(#"tarn_gossip_members{state="alive"}"#) == 3)

            try cluster[4].start()
            try await cluster.untilAll(.alive)
        }

        /// Goal: one that stands still is a suspect, then dead, and alive again when it goes on, for
        /// itself and for the others.
        @Test func aStoppedWorkerIsSuspectThenDeadThenAlive() async throws {
            let cluster = try await TarnCluster.formed(4)
            try await cluster.untilAll(.alive)
            cluster[4].send(SIGSTOP)
            var seen: [String] = []
            try await cluster[1].until("w4 dead; \(seen)", within: .seconds(30)) {
                let now = try await cluster[1].liveness(of: "w4")
                if seen.last != now { seen.append(now) }
                return now == "dead"
            }
            #expect(seen.drop { $0 == "alive" } == ["suspect", "dead"])
            for worker in [cluster[2], cluster[3]] {
                try await worker.until("w4 dead for \(worker.name)") {
                    try await worker.liveness(of: "w4") == "dead"
                }
            }
            cluster[4].send(SIGCONT)
            try await cluster.untilAll(.alive)
            #expect(try await cluster[4].metric(#"tarn_gossip_members{state="alive"}"#) == 4)
        }

        /// Goal: one that ends in order is gone for the others at once.
        @Test func aWorkerThatEndsSaysSo() async throws {
            let cluster = try await TarnCluster.formed(4)
            try await cluster.untilAll(.alive)
            cluster[4].send(SIGTERM)
            #expect(try await cluster[4].process?.waitForExit(within: .seconds(15)) == 0)
            try await cluster[1].until("w4 left", within: .seconds(5)) {
                try await cluster[1].metric(#"tarn_gossip_members{state="left"}"#) == 1
            }
            #expect(try await cluster[1].liveness(of: "w4") == "dead")
        }

        /// Goal: bytes of any kind on the UDP port are counted and dropped, and change nothing.
        @Test func datagramsOfAnyKindDoNoHarm() async throws {
            let cluster = try await TarnCluster.formed()
            try await cluster.untilAll(.alive)
            let worker = cluster[1]
            let sender = try DatagramSender()
            var random = SplitMix64(seed: 5)
            let memory = try worker.residentBytes()
            for round in 0..<20_000 {
                let length = [0, 1, 35, 36, 37, 95, 1_472, 1_473, 9_000, 60_000][round % 10]
                var bytes = (0..<min(length, 200)).map { _ in
                    UInt8(truncatingIfNeeded: random.next())
                }
                bytes += Array(repeating: 7, count: length - bytes.count)
                let magic = ["TRN1", "TRC1", nil][round % 3]
                if let magic, length > 4 { bytes.replaceSubrange(0..<4, with: magic.utf8) }
                sender.send(bytes, to: worker.ports.peer)
            }
            try await worker.until("dropped datagrams") {
                let wrong = #"tarn_gossip_dropped_total{reason="format"}"#
                return try await worker.metric(wrong) ?? 0 > 100
            }
            #expect(
                try await worker.metric(#"tarn_gossip_dropped_total{reason="cluster"}"#) ?? 0 > 0
            )
            let unreadable = #"tarn_raft_datagrams_total{outcome="unreadable"}"#
            #expect(try await worker.metric(unreadable) ?? 0 > 100)
            #expect(try await worker.metric(#"tarn_raft_datagrams_total{outcome="taken"}"#) == 0)
            let lines = worker.log.split(separator: "\n").count { $0.contains("datagrams dropped") }
            #expect(lines == 1, "one a minute: \(lines)")
            #expect(try worker.residentBytes() < memory + (64 << 20))
            try await cluster.untilAll(.alive)
            // What it learns it still learns by datagrams: nothing has ended the socket.
            cluster[3].kill()
            try await worker.until("w3 dead", within: .seconds(10)) {
                try await worker.liveness(of: "w3") == "dead"
            }
        }
    }
}

extension TarnCluster {
    fileprivate enum Wanted: String { case alive }

    /// Waits until every worker says so of every worker.
    fileprivate func untilAll(_ wanted: Wanted) async throws {
        for worker in workers {
            var seen: [String?] = []
            try await worker.until("all \(wanted) for \(worker.name): \(seen)") {
                seen = try await worker.listedWorkers(consistency: "local").map(\.liveness)
                return seen.count == workers.count && seen.allSatisfy { $0 == wanted.rawValue }
            }
        }
    }
}

extension TarnWorker {
    func liveness(of name: String) async throws -> String {
        try await listedWorkers(consistency: "local").first { $0.name == name }?.liveness ?? "none"
    }

    /// The value of one line of `/metrics`.
    func metric(_ line: String) async throws -> Double? {
        try await web.get("/metrics").text.split(separator: "\n")
            .first { $0.hasPrefix(line + " ") }
            .flatMap { $0.split(separator: " ").last.flatMap { Double($0) } }
    }
}
