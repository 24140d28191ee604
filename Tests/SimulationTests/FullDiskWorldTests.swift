// SPDX-License-Identifier: Apache-2.0

import SimulationKit
import Testing

@Suite struct FullDiskWorldTests {
    /// Goal: a voter whose disk is full stays up, promises nothing that is not durable, and goes on
    /// when there is room; a leader hands over where somebody else can lead.
    ///
    /// Method: disks that fill up and nothing else, with segments and snapshots small enough to need
    /// room all the time. Every invariant and the demands at the end hold as in any world.
    @Test func aFullDiskEndsNoProcess() {
        let reports = [1, 1, 3].enumerated().map { place, voterCount in
            var plan = WorldPlan(seed: 500 + UInt64(place))
            plan.voterCount = voterCount
            plan.minutes = 2
            plan.faults = FaultClassSet([.fullDisks, .tinySegments, .earlySnapshots])
            plan.meanFaultGapUS = 100_000  // One fault in some forty is a full disk.
            plan.operationGapUS = 50_000
            var simulation = Simulation(plan: plan)
            return simulation.run()
        }
        func total(_ count: (WorldReport) -> Int) -> Int { reports.map(count).reduce(0, +) }

        #expect(reports.compactMap(\.violation) == [])
        #expect(reports.allSatisfy { $0.tally.stuckFlushes > 0 })
        #expect(total { $0.tally.snapshotsGivenUp } > 0)
        #expect(total { $0.tally.diskErrors } == 0)
        // All lose power once, at the very end.
        #expect(reports.map(\.tally.restarts) == [1, 1, 3])
    }
}
