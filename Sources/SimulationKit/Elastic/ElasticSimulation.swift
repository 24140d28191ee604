// SPDX-License-Identifier: Apache-2.0

import Primitives

/// What became of an ``ElasticWorld``.
package struct ElasticReport: Sendable {
    package let seed: UInt64
    /// The invariant that did not hold, and how; `nil`: all did.
    package let violation: String?
    package let endUS: UInt64
    package let tally: ElasticTally
    /// Equal where the same happened.
    package let digest: UInt64
}

/// Runs one elastic world through its phases, and looks at it after every event.
///
/// | time | phase | demanded at its end |
/// | --- | --- | --- |
/// | 15 s | warm-up | |
/// | 90 to 240 s | faults | nothing but safety |
/// | until it rests, 8 minutes at most | healed | `RingsSettle` |
/// | 10 s, at most 250 | readers alone | all reads have ended, `MinimalMoves`, `CopiesKept`, `JobsLeaveNothing` |
package struct ElasticSimulation {
    private static let restLimitUS: UInt64 = 480_000_000
    private static let copiesLimitUS: UInt64 = 240_000_000
    /// No read takes longer, whoever is silent.
    private static let readLimitUS: UInt64 = 90_000_000

    private var world: ElasticWorld
    private var invariants = ElasticInvariants()

    package init(plan: ElasticPlan, trace: ((String) -> Void)? = nil) {
        world = ElasticWorld(plan: plan, trace: trace)
        world.planFaults()
    }

    package mutating func run() -> ElasticReport {
        let violation = runPhases()
        return ElasticReport(
            seed: world.plan.seed,
            violation: violation,
            endUS: world.nowUS,
            tally: world.tally,
            digest: world.digest.value
        )
    }

    private mutating func runPhases() -> String? {
        let warmUS = ElasticPlan.warmUpMS * 1_000
        if let problem = run(until: warmUS) { return problem }
        world.acceptsFaults = true
        let endUS = warmUS + world.plan.faultsMS * 1_000
        if let problem = run(until: endUS) { return problem }
        world.heal()
        let limitUS = world.nowUS + Self.restLimitUS
        // The first look finds what has not begun yet.
        if let problem = run(until: world.nowUS + 20_000_000) { return problem }
        while let unrest = RingsSettle.unrest(in: world) {
            guard world.nowUS < limitUS else { return "RingsSettle: \(unrest)" }
            if let problem = run(until: world.nowUS + 1_000_000) { return problem }
        }
        if let problem = run(until: world.nowUS + 10_000_000) { return problem }
        if world.tally.reads == 0 { return "World: nobody read anything" }
        if let problem = untilCopiesAreKept() ?? untilReadsHaveEnded() { return problem }
        if let left = JobsLeaveNothing.problem(in: world) { return "JobsLeaveNothing: \(left)" }
        return invariants.minimalMoves.violation(in: world).map { "MinimalMoves: \($0)" }
    }

    private mutating func untilCopiesAreKept() -> String? {
        let limitUS = world.nowUS + Self.copiesLimitUS
        while let gap = CopiesKept.gap(in: world) {
            guard world.nowUS < limitUS else { return "CopiesKept: \(gap)" }
            if let problem = run(until: world.nowUS + 1_000_000) { return problem }
        }
        return nil
    }

    private mutating func untilReadsHaveEnded() -> String? {
        world.readersRest = true
        if let problem = run(until: world.nowUS + Self.readLimitUS) { return problem }
        return slowRead
    }

    private mutating func run(until deadlineUS: UInt64) -> String? {
        while world.nowUS < deadlineUS {
            let pauseUS = min(deadlineUS, world.nowUS + 1_000_000)
            while world.advance(until: pauseUS) {
                if let complaint = world.complaint { return "World: \(complaint)" }
                guard !world.facts.isEmpty else { continue }
                if let problem = invariants.violation(in: world) { return problem }
            }
            if let problem = slowRead { return problem }
        }
        return nil
    }

    private var slowRead: String? {
        let slow = world.reads.values.filter { work in
            world.nowUS - work.read.beganUS >= Self.readLimitUS
                && world.isRunning(work.read.worker, work.life)
        }.min { $0.read.beganUS < $1.read.beganUS }
        return slow.map {
            "ReadsSucceed: \(world.workers[$0.read.worker].name) waits for \($0.read.name) since "
                + ElasticWorld.seconds($0.read.beganUS)
        }
    }
}
