// SPDX-License-Identifier: Apache-2.0

import SimulationKit
import Testing

@Suite struct ShrinkerTests {
    /// A world in which every disk begins to lie with one of its faults.
    private static func brokenPlan() -> WorldPlan {
        var plan = WorldPlan(seed: 3)
        plan.minutes = 2
        plan.voterCount = 3
        plan.faults = FaultClassSet([.powerLoss, .pauses, .clogs, .loss])
        plan.meanFaultGapUS = 500_000
        let numbers = Simulation.run(plan).faults
        plan.sabotage = .lyingSyncs(fromFault: numbers[numbers.count / 2])
        return plan
    }

    /// Goal: what is acknowledged and not on the disk is seen at once, whatever the log reports.
    @Test func aDiskThatLiesIsFound() throws {
        let report = Simulation.run(Self.brokenPlan())

        let violation = try #require(report.violation)
        #expect(violation.hasPrefix("PromiseDurability") || violation.hasPrefix("CommitDurability"))
        #expect(!report.journal.isEmpty)
    }

    /// Goal: of all faults the one remains without which nothing would have gone wrong.
    @Test func theOneFaultThatMattersIsLeft() {
        let plan = Self.brokenPlan()
        let report = Simulation.run(plan)
        var shrinker = Shrinker(plan: plan, report: report) { true }

        shrinker.shrink()

        #expect(shrinker.originalFaultCount > 5)
        #expect(shrinker.report.faults.count == 1)
        #expect(plan.sabotage == shrinker.report.faults.first.map { .lyingSyncs(fromFault: $0) })
        #expect(shrinker.plan.faults.list.count <= 1)
        #expect(Simulation.run(shrinker.plan) == shrinker.report, "the smaller world is repeatable")
    }

    /// Goal: a search that may not go on leaves the world as it was.
    @Test func aSearchWithoutTimeChangesNothing() {
        let plan = Self.brokenPlan()
        let report = Simulation.run(plan)
        var shrinker = Shrinker(plan: plan, report: report) { false }

        shrinker.shrink()

        #expect(shrinker.plan == plan)
        #expect(shrinker.runCount == 0)
    }
}

extension Simulation {
    fileprivate static func run(_ plan: WorldPlan) -> WorldReport {
        var simulation = Simulation(plan: plan)
        return simulation.run()
    }
}
