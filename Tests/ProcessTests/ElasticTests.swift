// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import Primitives
import TestKit
import Testing

extension ProcessTests {
    /// Workers that are drained, join, and die for good, while readers go on.
    @Suite struct ElasticTests {
        /// Goal: whatever comes and goes in order, no read fails and nothing is read from the origin again.
        @Test func drainAndJoinTouchNeitherReadersNorTheOrigin() async throws {
            let cluster = try await TarnCluster.formed(4)
            try await cluster[1].untilSettled(workers: 4)
            let files = try await FileSet.mounted(on: cluster)
            try await files.readWhole(through: cluster[1])
            let before = try await cluster.metric("tarn_origin_read_bytes_total")
            let held = try await cluster[4].metricSum("tarn_store_bytes")
            try #require(held > 0, "w4 owns nothing")
            let ofLeaver = try await cluster[4].metricSum("tarn_origin_read_bytes_total")

            let load = ReadLoad(files, at: cluster.workers)
            let newcomer = try cluster.additional("w5")
            defer { newcomer.kill() }
            let result = try await load.run {
                load.use(Array(cluster.workers.dropLast()))
                let drain = try await cluster.tarn(["worker", "drain", "w4", "--yes"])
                #expect(drain.status == 0, "\(drain.summary)")
                #expect(drain.output.hasSuffix("SAFE TO POWER OFF\n"), "\(drain.output)")
                cluster[4].send(SIGTERM)
                _ = try await cluster[4].process?.waitForExit()
                try await cluster.done(["worker", "remove", "w4", "--yes"])

                try newcomer.start(join: cluster.peers)
                try await newcomer.untilReady()
                try await cluster[1].untilSettled(workers: 4)
            }
            print("\(result.count) reads, longest \(result.longest)")
            #expect(result.failures.isEmpty, "\(result.failures)")
            #expect(result.count > 20)
            try await files.readWhole(through: cluster[2])
            let all = try await cluster.metric("tarn_origin_read_bytes_total")
            let own = try await newcomer.metricSum("tarn_origin_read_bytes_total")
            #expect(all + own + ofLeaver == before, "read from the origin again")
            #expect(try await newcomer.metricSum("tarn_store_bytes") > 0, "it has its share")
        }

        /// Goal: of a worker that dies for good only what it alone held is read again, and said so.
        @Test func aDeadWorkersPagesAreReadAgainAndCountedAsLost() async throws {
            let cluster = try await TarnCluster.formed(4)
            try await cluster[1].untilSettled(workers: 4)
            let files = try await FileSet.mounted(on: cluster, largeMebibytes: 64)
            try await files.readWhole(through: cluster[1])
            let held = try await cluster[4].metricSum("tarn_store_bytes")
            let survivors = Array(cluster.workers.dropLast())
            let before = try await cluster.metric("tarn_origin_read_bytes_total", #"cause="read""#)
            let ofDead = try await cluster[4].metricSum("tarn_origin_read_bytes_total")

            let load = ReadLoad(files, at: survivors)
            let result = try await load.run {
                cluster[4].kill()
                let removal = try await cluster.tarn(["worker", "remove", "w4", "--yes"])
                #expect(removal.status == 4, "\(removal.summary)")
                try await cluster[1].until("w4 is known to be dead") {
                    try await cluster[1].listedWorkers().first { $0.name == "w4" }?.liveness
                        == "dead"
                }
                try await cluster.done(["worker", "remove", "w4", "--lost", "--yes"])
                try await cluster[1].untilSettled(workers: 3)
            }
            #expect(result.failures.isEmpty, "\(result.failures)")
            try await files.readWhole(through: cluster[2])
            let causes = try await ["read", "lost", "rebalance"].asyncMap { cause in
                try await cluster.metric("tarn_origin_read_bytes_total", "cause=\"\(cause)\"")
            }
            let again = causes[0] + ofDead - before + causes[1]
            print(
                "\(result.count) reads, longest \(result.longest); held \(held), read again \(again)"
            )
            #expect(causes[2] == 0)
            #expect(again <= held * 1.05, "more than the dead one held")
        }

        /// Goal: what a person is told beforehand, is refused, and may take back.
        @Test func plansRefusalsAndSecondThoughts() async throws {
            let cluster = try await TarnCluster.formed(4)
            try await cluster[1].untilSettled(workers: 4)
            let files = try await FileSet.mounted(on: cluster, small: 20, largeMebibytes: 64)
            try await files.readWhole(through: cluster[1])
            try await cluster[1].until("fill is known") {
                try await cluster[1].listedWorkers().allSatisfy { ($0.pages ?? 0) > 0 }
            }

            let plan = try await cluster.tarn(["worker", "drain", "w4", "--dry-run", "-o", "json"])
            #expect(plan.status == 0, "\(plan.summary)")
            let document = try JSONDecoder().decode(
                RingPlanDocument.self,
                from: Data(plan.output.utf8)
            )
            #expect(document.pages > 0 && document.refusals.isEmpty)
            #expect(document.workers.first { $0.name == "w4" }?.shareAfter == nil)
            #expect(try await cluster[1].state(of: "w4") == "active", "only planned")

            // swift-format-ignore
            let refused: [(words: [String], status: Int32, says: String)] = [
                (["worker", "drain", "w4"],                      64, "give --yes"),
                (["worker", "drain", "w9", "--yes"],              3, "no worker 'w9'"),
                (["worker", "remove", "w4", "--yes"],             4, "not drained"),
                (["worker", "remove", "w4", "--lost", "--yes"],   4, "alive"),
                (["job", "show", "none"],                         3, "no job 'none'"),
                (["ring", "plan", "--drain", "w9"],               3, "no worker 'w9'"),
                (["ring", "plan", "--add", "w1=1GiB"],           64, "there already"),
                (["cluster", "rebalance", "rate", "1KiB"],       64, "at least 1 MiB"),
            ]
            for row in refused {
                let run = try await cluster.tarn(row.words)
                #expect(run.status == row.status, "\(row.words): \(run.summary)")
                #expect(run.errors.contains(row.says), "\(row.words): \(run.errors)")
            }
            let joined = try await cluster.tarn(["ring", "plan", "--add", "w5=1GiB"])
            #expect(joined.status == 0 && joined.output.contains("w5"), "\(joined.summary)")

            try await cluster.done(["cluster", "rebalance", "pause"])
            let slow = try await cluster.tarn(
                ["worker", "drain", "w4", "--yes", "--deadline", "1s"]
            )
            #expect(slow.status == 7, "\(slow.summary)")
            #expect(try await cluster[1].state(of: "w4") == "draining")
            #expect(try await cluster[4].web.get("/readyz").text.contains("draining"))
            try await cluster.done(["worker", "undrain", "w4"])
            try await cluster.done(["cluster", "rebalance", "rate", "64MiB"])
            try await cluster.done(["cluster", "rebalance", "resume"])
            try await cluster[1].untilSettled(workers: 4)

            let begun = try await cluster.done(["worker", "drain", "w4", "--detach", "--yes"])
            let id = try #require(begun.split(separator: " ").last.map { String($0.dropLast()) })
            let waited = try await cluster.tarn(["job", "wait", id])
            #expect(waited.output == "SAFE TO POWER OFF\n", "\(waited.summary)")
            #expect(try await cluster.done(["job", "list"]).contains("done"))
            try await cluster.done(["worker", "undrain", "w4"])
            try await cluster[1].untilSettled(workers: 4)
            try await files.readWhole(through: cluster[3])
        }

        /// Goal: a voter that is drained hands its vote on, or keeps it and says so.
        @Test func aDrainingVoterHandsItsVoteOn() async throws {
            let cluster = try await TarnCluster.formed(4)
            try await cluster[1].untilSettled(workers: 4)
            let leader = try await cluster.leader()
            let first = try await cluster.tarn(["worker", "drain", leader.name, "--yes"])
            #expect(first.output.hasSuffix("SAFE TO POWER OFF\n"), "\(first.summary)")
            let other = cluster.workers.first { $0.name != leader.name } ?? cluster[1]
            let voters = try await other.cluster().voters.map(\.name)
            #expect(!voters.contains(leader.name) && voters.count == 3)

            let second = try await cluster.tarn(["worker", "drain", voters[0], "--yes"], at: other)
            #expect(second.status == 0, "\(second.summary)")
            #expect(second.output.contains("it keeps its vote"), "\(second.output)")
            #expect(second.output.contains("no further voter may fail"), "\(second.output)")
        }
    }
}

extension TarnWorker {
    /// Waits until this region's ring has so many workers and nothing moves any more.
    func untilSettled(workers: Int) async throws {
        var seen = ""
        try await until("a settled ring; \(seen)", within: .seconds(120)) {
            let answer = try await web.get("/v1/ring")
            seen = answer.text
            guard answer.status == 200 else { return false }
            let ring = try answer.document(RingDocument.self)
            return ring.settled && ring.workers.count == workers
        }
    }

    func state(of name: String) async throws -> String? {
        try await listedWorkers().first { $0.name == name }?.state
    }

    /// Sum of a metric's samples here, of those that have a label.
    func metricSum(_ name: String, label: String = "") async throws -> Double {
        try await web.get("/metrics").text.split(separator: "\n")
            .filter { $0.hasPrefix("\(name){") || $0.hasPrefix("\(name) ") }
            .filter { label.isEmpty || $0.contains(label) }
            .compactMap { $0.split(separator: " ").last.flatMap { Double($0) } }.reduce(0, +)
    }
}

extension Array {
    func asyncMap<Value>(
        _ transform: (Element) async throws -> Value
    ) async rethrows -> [Value] {
        var values: [Value] = []
        for element in self { values.append(try await transform(element)) }
        return values
    }
}
