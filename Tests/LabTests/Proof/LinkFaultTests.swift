// SPDX-License-Identifier: Apache-2.0
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

        /// As far apart as continents: the same limits, for elections there begin after a second.
        @Test(.enabled(if: LabRig.isPatient, "minutes; dev/regions runs it"))
        func votersOfThreeRegionsStandEveryFault() async throws {
            let flags = [
                "--regions", "ap,us,eu", "--workers", "2", "--rtt",
                "ap-us=140ms,ap-eu=120ms,us-eu=60ms", "--jitter", "2ms",
            ]
            try await Lab.with(flags) { lab in
                try await lab.tarnDone(
                    [
                        "cluster", "init", "--voters", "5", "--survive", "region", "--timing",
                        "wan", "--timeout", "60s",
                    ],
                    at: "ap1"
                )
                let rig = try await FaultRun(
                    lab,
                    paths: [
                        "ap-us", "ap-eu", "us-eu", "us-ap", "eu-ap", "eu-us", "ap-ap", "us-us",
                        "eu-eu",
                    ],
                    clientCount: 48
                )
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
        /// Datagrams of consensus that came while the fault lasted.
        var datagramCount = 0.0
        var violation: String?
        var operationCount = 0

        var description: String {
            let outage = (outage * 100).rounded() / 100
            return "\(Int(ratePerSecond)) operations/s before; \(outage) s without a write; "
                + "\(termCount) terms; leaders \(leaders.joined(separator: " → ")); "
                + "\(operationCount) operations judged; \(Int(datagramCount)) datagrams"
        }
    }

    static let leastRate = 100.0
    private static let warmUp = Duration.seconds(3)
    private static let duration = Duration.seconds(8)
    private static let aftermath = Duration.seconds(4)

    let lab: Lab
    /// Between which regions the switch counts what the faults do.
    let paths: [String]
    let workers: LabWorkers
    /// Enough to have 100 operations a second: over an ocean each takes one a second or two.
    let clientCount: UInt64

    init(_ lab: Lab, paths: [String], clientCount: UInt64 = 8) async throws {
        self.clientCount = clientCount
        self.lab = lab
        self.paths = paths
        workers = try await LabWorkers(lab)
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
            if fault.bite == .lost {
                #expect(result.datagramCount > 0, "nothing went beside the links")
                for wrong in ["unreadable", "stranger", "misdirected"] {
                    #expect(try await workers.datagrams(wrong) == 0, "\(wrong)")
                }
            }
            #expect(result.outage <= fault.outage, "\(fault.name): \(result)\n\(lab.logEnds)")
            #expect(result.termCount <= fault.termCount, "\(fault.name): \(result)\n\(lab.logEnds)")
            return
        }
        Issue.record("\(fault.name): three runs that say nothing")
    }

    private func run(_ fault: LinkFault, seed: UInt64) async throws -> Result {
        let record = RegisterRecord()
        let leader = try await workers.settledLeader()
        let term = try await workers.highestTerm()
        var result = Result()
        try await RegisterClient.writing(
            to: workers,
            into: record,
            count: clientCount,
            seed: seed
        ) {
            let begin = record.now
            try await pass(Self.warmUp, record)
            result.ratePerSecond =
                Double(record.answeredCount) / (Double(record.now - begin) / 1_000_000)
            let counted = try await bites(fault.bite)
            let taken = try await workers.datagrams("taken")
            let struck = record.now
            let others = try await workers.voters().filter { $0 != leader }
            try await fault.strike(lab, [leader] + others)
            try await pass(Self.duration, record)
            let during = try await workers.leader()
            result.hasBitten =
                try await bites(fault.bite) > counted && (!fault.movesLeader || during != leader)
            try await lab.done(["heal"])
            result.datagramCount = try await workers.datagrams("taken") - taken
            try await pass(Self.aftermath, record)
            result.outage = record.longestGap(from: struck, to: record.now)
            result.leaders = [leader, during ?? "nobody"]
        }
        result.leaders.append(try await workers.settledLeader())
        result.termCount = try await workers.highestTerm() - term
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
}
