// SPDX-License-Identifier: Apache-2.0

import Foundation
import Primitives
import RaftCore
import SimulationKit
import Testing

@Suite struct SimulationTests {
    /// Which worlds to run: `TARN_SIM_FIRST_SEED` (default 1), `TARN_SIM_SEEDS` of them.
    static let seeds: Range<UInt64> = {
        let environment = ProcessInfo.processInfo.environment
        let first = environment["TARN_SIM_FIRST_SEED"].flatMap(UInt64.init) ?? 1
        let count = environment["TARN_SIM_SEEDS"].flatMap(UInt64.init) ?? defaultCount
        return first..<first + count
    }()

    #if DEBUG
    private static let defaultCount: UInt64 = 6  // A debug build is some twenty times as slow.
    #else
    private static let defaultCount: UInt64 = 200
    #endif

    /// Goal: every invariant holds after every event, and a healed world comes to rest.
    ///
    /// Method: the seed is the argument, so a failure names its own replay:
    /// `TARN_SIM_FIRST_SEED=<seed> TARN_SIM_SEEDS=1 swift test --filter SimulationTests`.
    @Test(arguments: seeds)
    func everyInvariantHolds(seed: UInt64) {
        var simulation = Simulation(seed: seed)
        let report = simulation.run()

        #expect(
            report.violation == nil,
            "seed \(seed): \(report.violation ?? "")\n\(report.journal.joined(separator: "\n"))"
        )
        #expect(report.tally.elections > 0, "seed \(seed) tested nothing: nobody ever led")
        #expect(report.tally.acknowledgedWrites > 0, "seed \(seed) tested nothing: no write")
    }

    // Written down by a release build. A change of a core, of the log or of the simulator gives
    // other histories and other digests; nothing else may.
    // swift-format-ignore
    static let digests: [(seed: UInt64, digest: UInt64)] = [
        (3, 15_747_185_423_296_858_468),
        (10, 1_123_681_167_101_294_559),
        (11, 13_943_151_009_432_562_999),
    ]

    /// Goal: a seed is worth keeping, because it gives the same history again, in every process
    /// (hash seeds differ), build and machine.
    @Test(arguments: digests) func aSeedGivesTheSameHistoryEverywhere(seed: UInt64, digest: UInt64)
    {
        var simulation = Simulation(seed: seed)
        #expect(simulation.run().digest == digest, "seed \(seed)")
    }

    /// Goal: the plans differ in kind; each class of faults is on in some worlds and off in others.
    @Test func theSeedsCoverAllClassesOfFaults() {
        let plans = (UInt64(1)...200).map { WorldPlan(seed: $0) }
        let switches: [(name: String, isOn: (WorldPlan) -> Bool)] = [
            ("crashes", { $0.crashes }),
            ("pauses", { $0.pauses }),
            ("partitions", { $0.partitions }),
            ("transfers", { $0.transfers }),
            ("wipes", { $0.wipes && $0.voterCount > 2 }),
            ("resets", { $0.resets }),
            ("loss", { $0.lossPercent > 0 }),
            ("duplicates", { $0.duplicatePercent > 0 }),
            ("order", { $0.isOrdered }),
            ("stalls", { $0.stallPercent > 0 }),
            ("one bootstraps", { $0.bootstrapsOne }),
            ("one voter", { $0.voterCount == 1 }),
            ("seven voters", { $0.voterCount == 7 }),
            ("disk errors", { $0.diskErrors }),
            ("smallest segments", { $0.segmentByteCount == 1_536 }),
            ("bounded reads", { $0.settings.pendingReadCount < 100 }),
        ]
        for (name, isOn) in switches {
            let count = plans.count(where: isOn)
            #expect((5...195).contains(count), "\(name): on in \(count) of 200 worlds")
        }
    }

    /// Goal: the faults do reach the code they are meant for.
    @Test func aStormyWorldExercisesEverything() {
        var plan = WorldPlan(seed: 77)
        plan.voterCount = 5
        plan.crashes = true
        plan.pauses = true
        plan.partitions = true
        plan.transfers = true
        plan.resets = true
        plan.diskErrors = true
        plan.segmentByteCount = 1_536
        plan.lossPercent = 5
        plan.duplicatePercent = 5
        plan.meanFaultGapUS = 400_000
        plan.snapshotEvery = 10
        plan.settings.trailingEntryCount = 5
        var simulation = Simulation(plan: plan)

        let report = simulation.run()

        #expect(report.violation == nil)
        #expect(report.tally.faults > 50)
        #expect(report.tally.restarts > 10)
        #expect(report.tally.failedStarts > 0)
        #expect(report.tally.diskErrors > 0)
        #expect(report.tally.elections > 5)
        #expect(report.tally.snapshotsTaken > 10)
        #expect(report.tally.snapshotsInstalled > 0)
        #expect(report.tally.acknowledgedWrites > 50)
        #expect(report.tally.answeredReads > 50)
        #expect(report.tally.refusals > 0)
    }
}
