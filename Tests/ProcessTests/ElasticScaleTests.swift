// SPDX-License-Identifier: Apache-2.0
import APIModel
import Foundation
import TestKit
import Testing

extension ProcessTests {
    /// Workers that come and go under full load, with caches of some gigabytes: by `dev/elastic` alone.
    @Suite(
        .enabled(
            if: ProcessInfo.processInfo.environment["TARN_SLOW_TESTS"] != nil
                && FileManager.default.isReadableFile(atPath: "/dev/fuse"),
            "takes minutes, gigabytes and /dev/fuse"
        )
    )
    struct ElasticScaleTests {
        /// Goal: one drained, one fresh, one dead for good, two drained at once: no read fails, the lake
        /// sends nothing twice but what was lost, and moving costs little more than it must.
        @Test(.timeLimit(.minutes(40)))
        func workersComeAndGoUnderFullLoad() async throws {
            let rig = try await ElasticRig()
            try await rig.readCalmly()
            let leaver = try rig.worker("w4")
            let lake = try await rig.sum("tarn_origin_read_bytes_total")
            try await rig.drain(["w4"])
            let ofLeaver = try await leaver.metricSum("tarn_origin_read_bytes_total")
            try await rig.takeAway("w4")
            try await rig.join("w5")
            let after = try await rig.sum("tarn_origin_read_bytes_total")
            #expect(after + ofLeaver == lake, "nothing was read from the lake again")
            try await rig.lose("w3")
            let lost = try await rig.sum("tarn_origin_read_bytes_total")
            try await rig.drain(["w2", "w5"])
            try await rig.files.readWhole(through: rig.worker("w1"))
            #expect(try await rig.sum("tarn_origin_read_bytes_total") == lost, "nor after that")
            #expect(try await rig.sum("tarn_origin_read_bytes_total", #"cause="rebalance""#) == 0)
        }
    }
}

/// Four workers with full caches, eight readers, and what each change of the workers came to.
final class ElasticRig {
    /// Bytes a second that each worker may give away: moving what one of four holds then takes long enough
    /// for its beginning and end not to count.
    private static let rate = 24.0 * 1_048_576
    private static let readers = 8

    let files: FileSet
    private let cluster: TarnCluster
    private let mount: FuseMountPoint
    /// Workers that readers ask.
    private var fleet: [TarnWorker]
    private var calmP99 = Duration.zero

    init() async throws {
        cluster = try await TarnCluster.formed(4, cacheSize: "4GiB")
        fleet = cluster.workers
        try await cluster[1].untilSettled(workers: 4)
        files = try await FileSet.mounted(on: cluster, small: 700, largeMebibytes: 1536)
        try await files.readWhole(through: cluster[1])
        try await cluster.done(["cluster", "rebalance", "rate", "24MiB"])
        mount = try await FuseMountPoint(of: cluster)
    }

    deinit { for worker in fleet { worker.kill() } }

    func worker(_ name: String) throws -> TarnWorker {
        try #require(fleet.first { $0.name == name })
    }

    /// A metric over those whom readers ask.
    func sum(_ name: String, _ label: String = "") async throws -> Double {
        var sum = 0.0
        for worker in fleet {
            for line in try await worker.web.get("/metrics").text.split(separator: "\n")
            where line.hasPrefix("\(name){") && (label.isEmpty || line.contains(label)) {
                sum += line.split(separator: " ").last.flatMap { Double($0) } ?? 0
            }
        }
        return sum
    }

    // MARK: - What happens

    func readCalmly() async throws {
        let load = ReadLoad(files, at: fleet, and: [mount.directory])
        let result = try await load.run(readers: Self.readers) {
            try await waitUntil("reads", within: .seconds(300)) { load.count >= 4_000 }
        }
        calmP99 = result.p99
        judge("calm", result)
    }

    /// All of them, begun one after the other; one alone at no less than four fifths of the rate set.
    func drain(_ names: [String]) async throws {
        let least = try await plan(names.flatMap { ["--drain", $0] })
        let stayers = fleet.filter { !names.contains($0.name) }
        let (result, moved, took) = try await moving(readingFrom: stayers) { [cluster] in
            // Begun one after the other: a plan that another drain has made void is refused.
            var jobs: [String] = []
            for name in names {
                let begun = try await cluster.done(
                    ["worker", "drain", name, "--detach", "--yes"]
                )
                let word = try #require(begun.split(separator: " ").last)
                jobs.append(word.trimmingCharacters(in: .whitespacesAndNewlines))
            }
            for job in jobs {
                let run = try await cluster.tarn(["job", "wait", job], within: .seconds(900))
                #expect(run.output.hasPrefix("SAFE TO POWER OFF"), "\(run.summary)")
            }
        }
        judge("drain of \(names)", result, moved: moved, least: least, took: took)
        let rate = moved / (took / .seconds(1)) / Double(names.count)
        print("  \(Int(rate * 100 / Self.rate)) % of the rate set")
        if names.count == 1 { #expect(rate >= 0.8 * Self.rate) }
    }

    func takeAway(_ name: String) async throws {
        let worker = try worker(name)
        worker.send(SIGTERM)
        _ = try await worker.process?.waitForExit()
        fleet.removeAll { $0.name == name }
        try await cluster.done(["worker", "remove", name, "--yes"])
    }

    func join(_ name: String) async throws {
        let least = try await plan(["--add", "\(name)=4GiB"])
        let newcomer = try cluster.additional(name, cacheSize: "4GiB")
        let count = fleet.count + 1
        let (result, moved, took) = try await moving(readingFrom: fleet, countingAt: [newcomer]) {
            [cluster] in
            try newcomer.start(join: cluster.peers)
            try await newcomer.untilReady()
            try await cluster[1].untilSettled(workers: count)
        }
        fleet.append(newcomer)
        judge("join of \(name)", result, moved: moved, least: least, took: took)
    }

    /// kill -9, for good: what only it held is read again, and counted so.
    func lose(_ name: String) async throws {
        let worker = try worker(name)
        let held = try await worker.metricSum("tarn_store_bytes")
        let lake =
            try await sum("tarn_origin_read_bytes_total")
            - (try await worker.metricSum("tarn_origin_read_bytes_total"))
        fleet.removeAll { $0.name == name }
        let count = fleet.count
        let (result, _, _) = try await moving(readingFrom: fleet) { [cluster] in
            worker.kill()
            try await cluster[1].until("\(name) is known to be dead") {
                try await cluster[1].listedWorkers().first { $0.name == name }?.liveness == "dead"
            }
            try await cluster.done(["worker", "remove", name, "--lost", "--yes"])
            try await cluster[1].untilSettled(workers: count)
        }
        judge("loss of \(name)", result)
        try await files.readWhole(through: cluster[1])
        let again = try await sum("tarn_origin_read_bytes_total") - lake
        print("  held \(Int(held)) bytes, \(Int(again)) read again")
        #expect(again <= held * 1.01, "more than only it held")
    }

    // MARK: - Figures

    /// Bytes that a change cannot do without moving.
    private func plan(_ changes: [String]) async throws -> Double {
        let text = try await cluster.done(["ring", "plan"] + changes + ["-o", "json"])
        let plan = try JSONDecoder().decode(RingPlanDocument.self, from: Data(text.utf8))
        return Double(plan.bytes)
    }

    private func moving(
        readingFrom targets: [TarnWorker],
        countingAt others: [TarnWorker] = [],
        during body: @escaping @Sendable () async throws -> Void
    ) async throws -> (reads: ReadLoad.Result, moved: Double, took: Duration) {
        let received = #"direction="in""#
        let before = try await sum("tarn_handoff_bytes_total", received)
        let load = ReadLoad(files, at: targets, and: [mount.directory])
        let begun = ContinuousClock.now
        let result = try await load.run(readers: Self.readers, during: body)
        let took = ContinuousClock.now - begun
        var moved = try await sum("tarn_handoff_bytes_total", received) - before
        for worker in others { moved += try await worker.metricSum("tarn_handoff_bytes_total") }
        return (result, moved, took)
    }

    private func judge(
        _ name: String,
        _ result: ReadLoad.Result,
        moved: Double = 0,
        least: Double = 0,
        took: Duration = .zero
    ) {
        print(
            "\(name): \(result.count) reads, p99 \(result.p99) (\(result.p99 / calmP99) x calm), "
                + "longest \(result.longest)"
        )
        #expect(result.failures.isEmpty, "\(name): \(result.failures)")
        #expect(result.p99 <= calmP99 * 2, "\(name)")
        guard least > 0 else { return }
        print("  moved \(Int(moved)) bytes in \(took), at least \(Int(least)): \(moved / least) x")
        #expect(moved <= least * 1.2, "\(name)")
    }
}
