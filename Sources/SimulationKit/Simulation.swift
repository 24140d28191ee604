// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// Runs one world from its seed to its verdict.
///
/// ```
///   0 s         5 s                          45 s           55 s          60 s
///   │ warm-up   │ faults, safety checked     │ healed        │ clients stop │ converged?
/// ```
/// Safety is checked after every event of all phases. Liveness is demanded at the ends of warm-up
/// and of the healed phase, so that no seed passes because nothing happened.
package struct Simulation {
    /// When each phase ends, in microseconds since the world began.
    package struct Phases: Sendable, Equatable {
        package var warmUpUS: UInt64 = 5_000_000
        package var faultsUS: UInt64 = 45_000_000
        package var healedUS: UInt64 = 55_000_000
        package var convergedUS: UInt64 = 60_000_000

        package init() {}
    }

    private let phases: Phases
    private var world: World
    private var invariants: [any Invariant]

    package init(plan: WorldPlan, phases: Phases = Phases()) {
        self.phases = phases
        world = World(plan: plan)
        invariants = [
            ElectionSafety(),
            LogMatching(),
            LeaderCompleteness(nodeCount: plan.voterCount),
            StateMachineSafety(),
            CommitDurability(),
            PromiseDurability(),
            AcknowledgedWrites(),
            ReadFreshness(),
            MonotoneState(nodeCount: plan.voterCount),
            RecoveryExactness(),
        ]
    }

    package init(seed: UInt64) { self.init(plan: WorldPlan(seed: seed)) }

    package mutating func run() -> WorldReport {
        let violation = firstViolation()
        return report(violation: violation)
    }

    private mutating func firstViolation() -> String? {
        if let problem = run(until: phases.warmUpUS) { return problem }
        guard world.tally.acknowledgedWrites > 0 else { return "warm-up: no write was done" }

        world.startFaults()
        if let problem = run(until: phases.faultsUS) { return problem }

        world.heal()
        if let problem = run(until: phases.healedUS) { return problem }
        guard world.tally.lastAcknowledgedInvocationUS > phases.faultsUS else {
            return "liveness: no write was acknowledged after all faults had ended"
        }

        world.acceptsOperations = false
        return run(until: phases.convergedUS) ?? world.divergence
    }

    private mutating func run(until deadlineUS: UInt64) -> String? {
        while let observation = world.advance(until: deadlineUS) {
            if let complaint = world.tally.complaint { return complaint }
            for position in invariants.indices {
                if let problem = invariants[position].violation(after: observation, in: world) {
                    return "\(type(of: invariants[position])): \(problem)"
                }
            }
        }
        return nil
    }

    private func report(violation: String?) -> WorldReport {
        WorldReport(
            seed: world.plan.seed,
            violation: violation,
            tally: world.tally,
            digest: world.digest.value,
            journal: violation == nil ? [] : world.journal.text
        )
    }
}

// MARK: - The end

extension World {
    /// What is not settled in a healed world that was left alone; `nil` if all is.
    ///
    /// Nodes whose disk was replaced have no vote and get no log: they are left out.
    fileprivate var divergence: String? {
        let members = nodes.filter { !$0.isWiped }
        let leaders = members.filter { $0.raft.role == .leader }
        guard leaders.count == 1, let leader = leaders.first else {
            return "liveness: \(leaders.count) leaders after all faults had ended"
        }
        var expected = RegisterMachine()
        for record in chronicle.records { expected.apply(record.entry) }
        for node in members {
            guard node.raft.log.last == leader.raft.log.last,
                node.raft.commit == leader.raft.commit, node.raft.commit == chronicle.last.index
            else {
                return "liveness: \(node.voter.node) is at \(node.raft.commit) of "
                    + "\(node.raft.log.last), the leader at \(leader.raft.commit) of "
                    + "\(leader.raft.log.last)"
            }
            guard node.machine == expected else {
                return "\(node.voter.node) has another state than the committed history gives"
            }
        }
        return nil
    }
}
