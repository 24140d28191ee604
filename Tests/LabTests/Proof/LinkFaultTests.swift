// SPDX-License-Identifier: Apache-2.0
import APIModel
import Linearizability
import Primitives
import TestKit
import Testing

extension LabTests {
    /// Five voters, clients at each of them, and everything that can befall the links between: how long
    /// nobody can write, how often leaders are elected, and whether what clients were told is the story
    /// of one register after the other.
    @Suite(.enabled(if: LabRig.canBuild, LabRig.needs))
    struct LinkFaultTests {
        @Test func votersOfOneRegionStandEveryFault() async throws {
            let flags = ["--regions", "lan", "--workers", "5", "--rtt", "lan-lan=1ms"]
            try await Lab.with(flags) { lab in
                try await lab.tarnDone(
                    ["cluster", "init", "--voters", "5", "--timeout", "60s"],
                    at: "lan1"
                )
                let rig = try await FaultRun(lab, paths: ["lan-lan"])
                for fault in LinkFault.wanted { try await rig.judge(fault) }
            }
        }
    }
}

/// A cluster in a lab, and what becomes of it under one fault after the other.
struct FaultRun {
    /// What a fault did.
    struct Result: CustomStringConvertible {
        var ratePerSecond = 0.0
        var outage = 0.0
        var termCount: UInt64 = 0
        var leaders: [String] = []
        var hasBitten = false
        var violation: String?
        var operationCount = 0

        var description: String {
            let outage = (outage * 100).rounded() / 100
            return "\(Int(ratePerSecond)) operations/s before; \(outage) s without a write; "
                + "\(termCount) terms; leaders \(leaders.joined(separator: " → ")); "
                + "\(operationCount) operations judged"
        }
    }

    static let clientCount: UInt64 = 8
    static let leastRate = 100.0
    private static let warmUp = Duration.seconds(3)
    private static let duration = Duration.seconds(8)
    private static let aftermath = Duration.seconds(4)

    let lab: Lab
    /// Between which regions the switch counts what the faults do.
    let paths: [String]
    let workers: [(name: String, web: WebClient)]

    init(_ lab: Lab, paths: [String]) async throws {
        self.lab = lab
        self.paths = paths
        workers = try await lab.status().workers.map { worker in
            let parts = worker.http.split(separator: ":")
            let port = try #require(parts.last.flatMap { UInt16($0) })
            return (worker.name, WebClient(host: String(parts[0]), port: port))
        }
    }

    /// Runs a fault, again where the run says nothing, and holds it to its limits.
    func judge(_ fault: LinkFault) async throws {
        for attempt in 1...3 {
            let result = try await run(fault, seed: UInt64(attempt))
            print("\(fault.name): \(result)")
            #expect(result.violation == nil, "\(fault.name): \(result.violation ?? "")")
            if result.ratePerSecond < Self.leastRate || !result.hasBitten {
                print("\(fault.name): void, with bite: \(result.hasBitten)")
                continue
            }
            #expect(result.outage <= fault.outage, "\(fault.name): \(result)\n\(lab.logEnds)")
            #expect(result.termCount <= fault.termCount, "\(fault.name): \(result)\n\(lab.logEnds)")
            return
        }
        Issue.record("\(fault.name): three runs that say nothing")
    }

    private func run(_ fault: LinkFault, seed: UInt64) async throws -> Result {
        let record = RegisterRecord()
        let prefix = "run-\(UInt32.random(in: 0...UInt32.max))"
        let leader = try await settledLeader()
        let term = try await highestTerm()
        var result = Result()
        try await withThrowingDiscardingTaskGroup { group in
            for number in 1...Self.clientCount {
                let client = RegisterClient(
                    number: number,
                    prefix: prefix,
                    workers: workers.map(\.web),
                    record: record
                )
                group.addTask { await client.run(seed: seed) }
            }
            defer { group.cancelAll() }
            let begin = record.now
            try await pass(Self.warmUp, record)
            result.ratePerSecond =
                Double(record.answeredCount) / (Double(record.now - begin) / 1_000_000)
            let counted = try await bites(fault.bite)
            let struck = record.now
            try await fault.strike(lab, [leader] + workers.map(\.name).filter { $0 != leader })
            try await pass(Self.duration, record)
            let during = try await self.leader()
            result.hasBitten =
                try await bites(fault.bite) > counted && (!fault.movesLeader || during != leader)
            try await lab.done(["heal"])
            try await pass(Self.aftermath, record)
            result.outage = record.longestGap(from: struck, to: record.now)
            result.leaders = [leader, during ?? "nobody"]
        }
        result.leaders.append(try await settledLeader())
        result.termCount = try await highestTerm() - term
        result.violation = record.violation()
        result.operationCount = record.history.operations.count
        return result
    }

    /// Lets clients go on for a while: what they do meanwhile is what is measured.
    private func pass(_ time: Duration, _ record: RegisterRecord) async throws {
        let end = record.now + UInt64(time.nanoseconds / 1_000)
        try await waitUntil("the clock", within: time + .seconds(10)) { record.now >= end }
    }

    private func bites(_ bite: LinkFault.Bite) async throws -> Int {
        let counts = try #require(try await lab.status().switch?.paths)
        return paths.reduce(0) { sum, path in
            sum + (bite == .cut ? counts[path]?.cut ?? 0 : counts[path]?.lost ?? 0)
        }
    }

    // MARK: - Who leads

    private func views() async -> [ClusterDocument] {
        var views: [ClusterDocument] = []
        for worker in workers {
            guard let answer = try? await worker.web.get("/v1/cluster", within: .seconds(5)),
                let view = try? answer.document(ClusterDocument.self)
            else { continue }
            views.append(view)
        }
        return views
    }

    /// Who leads by the word of whoever knows the highest term.
    private func leader() async throws -> String? {
        let views = await views().filter { $0.leader != nil }
        return views.max { $0.term < $1.term }?.leader
    }

    private func highestTerm() async throws -> UInt64 {
        try #require(await views().map(\.term).max())
    }

    /// Waits until all workers name the same leader of the same term.
    private func settledLeader() async throws -> String {
        var found: String?
        try await waitUntil("one leader\n\(lab.logEnds)", within: .seconds(30)) {
            let views = await views()
            let isAgreed =
                views.count == workers.count && views[0].leader != nil
                && views.allSatisfy { $0.leader == views[0].leader && $0.term == views[0].term }
            found = isAgreed ? views[0].leader : nil
            return isAgreed
        }
        return try #require(found)
    }
}
