// SPDX-License-Identifier: Apache-2.0

import SimulationKit
import Testing

@Suite struct MemoryFlipWorldTests {
    /// Goal: a bit that turns in a catalog is found, the leader's as well, and the state is made anew;
    /// nobody else's changes.
    ///
    /// Method: bits that turn and nothing else, in clusters that can do without one or two voters.
    /// Every invariant and the demands at the end hold as in any world.
    @Test(arguments: [3, 5]) func aTurnedBitIsFoundAndTheStateMadeAnew(voterCount: Int) {
        var plan = WorldPlan(seed: 600 + UInt64(voterCount))
        plan.voterCount = voterCount
        plan.minutes = 4
        plan.faults = FaultClassSet([.memoryFlips, .earlySnapshots])
        plan.meanFaultGapUS = 100_000  // One fault in some forty is a bit.
        plan.operationGapUS = 20_000
        plan.readPercent = 20
        var simulation = Simulation(plan: plan)
        let report = simulation.run()

        #expect(report.violation == nil)
        #expect(report.tally.flips > 4)
        #expect(report.tally.rebuilds > 2)
        #expect(report.tally.snapshotsTaken > 10)
        #expect(report.tally.elections > 1, "no leader was struck")
    }
}
