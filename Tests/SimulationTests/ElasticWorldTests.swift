// SPDX-License-Identifier: Apache-2.0

import Primitives
import SimulationKit
import Testing

/// Worlds of workers that come and go.
@Suite struct ElasticWorldTests {
    /// Always the same; ``dev/simulate`` runs others.
    static let seeds = UInt64(1)...defaultCount

    #if DEBUG
    private static let defaultCount: UInt64 = 12  // A debug build is some ten times as slow.
    #else
    private static let defaultCount: UInt64 = 300
    #endif

    /// Goal: every invariant holds after every event, and a healed world comes to rest.
    ///
    /// Method: the seed is the argument, so a failure names its own replay.
    @Test(arguments: seeds)
    func everyInvariantHolds(seed: UInt64) {
        var simulation = ElasticSimulation(plan: ElasticPlan(seed: seed))
        let report = simulation.run()
        #expect(
            report.violation == nil,
            "dev/simulate --elastic --seed \(seed): \(report.violation ?? "")"
        )
        #expect(report.tally.reads > 100, "seed \(seed) tested nothing")
    }

    /// Goal: a seed gives the same history again, also within a process.
    @Test func aSeedGivesTheSameHistory() {
        let digests = (0..<2).map { _ in
            var simulation = ElasticSimulation(plan: ElasticPlan(seed: 5))
            return simulation.run().digest
        }
        #expect(digests[0] == digests[1])
    }

    /// Goal: the worlds differ in kind; each kind of fault is on in about half of them.
    @Test(arguments: ElasticFaultKind.allCases)
    func theSeedsCoverEachKindOfFault(kind: ElasticFaultKind) {
        let plans = (UInt64(1)...200).map(ElasticPlan.init(seed:))
        let count = plans.count { $0.has(kind) }
        #expect((60...130).contains(count), "\(kind.rawValue): on in \(count) of 200 worlds")
        #expect((20...60).contains(plans.count(where: \.isCalm)))
    }

    /// Goal: the faults do reach what they are meant for.
    @Test func stormsExerciseEverything() {
        var sum = ElasticTally()
        for seed in Self.stormySeeds.prefix(4) {
            var plan = ElasticPlan(seed: seed)
            plan.faults = ElasticFaultKind.allCases
            plan.meanFaultGapMS = 2_500
            plan.workerCount = 6
            sum.add(tally(of: plan))
        }
        // Where everything goes wrong at once nothing is silent for long.
        for seed in [UInt64(78), 81, 90] { sum.add(tally(of: ElasticPlan(seed: seed))) }
        #expect(sum.injected.count > 100)
        #expect(sum.epochs > 12)
        #expect(sum.elections > 5)
        #expect(sum.restarts > 5)
        #expect(sum.drained > 2)
        #expect(sum.suspended > 0)
        #expect(sum.held > 0)
        #expect(sum.removed > 0)
        #expect(sum.handedOn > 0)
        #expect(sum.carried > 100)
        #expect(sum.dropped > 50)
    }

    private func tally(of plan: ElasticPlan) -> ElasticTally {
        var simulation = ElasticSimulation(plan: plan)
        let report = simulation.run()
        #expect(report.violation == nil, "seed \(plan.seed): \(report.violation ?? "")")
        return report.tally
    }

    /// Goal: a failing world is made smaller, and is still the same failure.
    @Test func shrinkingKeepsTheFailure() throws {
        var failing: (plan: ElasticPlan, report: ElasticReport)?
        for seed in Self.stormySeeds where failing == nil {
            var plan = ElasticPlan(seed: seed)
            plan.faults = ElasticFaultKind.allCases
            plan.sabotage = .forgetfulDisks
            var simulation = ElasticSimulation(plan: plan)
            let report = simulation.run()
            #expect(report.violation?.hasPrefix("DropsAfterArrival") == true, "\(report)")
            if report.tally.injected.count > 3 { failing = (plan, report) }
        }
        let (plan, report) = try #require(failing)
        var shrinker = ElasticShrinker(plan: plan, report: report)
        shrinker.shrink { true }
        #expect(shrinker.violation.hasPrefix("DropsAfterArrival"))
        #expect(shrinker.faults.count < report.tally.injected.count)
    }

    /// Of worlds in which things do go wrong.
    private static let stormySeeds = (UInt64(77)...140).filter { !ElasticPlan(seed: $0).isCalm }
}
