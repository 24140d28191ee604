// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// Runs one world from its seed to its verdict.
///
/// ```
///   0          10 s                     end - 60 s     - 30 s         - 20 s            end
///   │ warm-up  │ faults, safety checked │ healed       │ clients stop │ all restarted   │
///        a write done?                        one leader, fresh write,      converged
///                                             converged?                    again?
/// ```
/// Safety is checked after every event of all phases. Liveness is demanded at the ends of the other
/// phases, so that no seed passes because nothing happened.
package struct Simulation {
    /// When each phase ends, in microseconds since the world began.
    package struct Phases: Sendable, Equatable {
        package let warmUpUS: UInt64 = 10_000_000
        package let faultsUS: UInt64
        package let healedUS: UInt64
        package let silentUS: UInt64
        package let endUS: UInt64

        /// The phases of a world of so many minutes, at least 2.
        package init(minutes: UInt64) {
            precondition(minutes >= 2, "\(minutes) minutes leave no time for faults")
            endUS = minutes * 60_000_000
            faultsUS = endUS - 60_000_000
            healedUS = endUS - 30_000_000
            silentUS = endUS - 20_000_000
        }
    }

    private let phases: Phases
    private var world: World
    private var invariants: Invariants

    /// Makes the world of a plan; `trace` is told in words of everything that happens.
    package init(plan: WorldPlan, trace: ((String) -> Void)? = nil) {
        phases = Phases(minutes: plan.minutes)
        world = World(plan: plan, trace: trace)
        invariants = Invariants(nodeLimit: plan.nodeLimit)
    }

    package init(seed: UInt64) { self.init(plan: WorldPlan(seed: seed)) }

    /// Runs to the end, or to the first thing that is wrong, or to a time.
    ///
    /// - Parameter untilUS: Stops there, in microseconds since the world began, with no more demands.
    /// - Returns: What came of it.
    package mutating func run(untilUS: UInt64 = .max) -> WorldReport {
        let violation = firstViolation(untilUS)
        return WorldReport(
            seed: world.plan.seed,
            violation: violation,
            endUS: world.nowUS,
            faults: world.injected,
            tally: world.tally,
            digest: world.digest.value,
            journal: violation == nil ? [] : world.journal.text
        )
    }

    private mutating func firstViolation(_ untilUS: UInt64) -> String? {
        if let problem = run(until: min(phases.warmUpUS, untilUS)) { return problem }
        guard untilUS > phases.warmUpUS else { return nil }
        guard world.tally.acknowledgedWrites > 0 else { return "Liveness: no write in warm-up" }

        world.startFaults(untilUS: phases.faultsUS)
        if let problem = run(until: min(phases.faultsUS, untilUS)) { return problem }
        guard untilUS > phases.faultsUS else { return nil }

        world.heal()
        if let problem = run(until: min(phases.healedUS, untilUS)) { return problem }
        guard untilUS > phases.healedUS else { return nil }
        guard world.tally.lastAcknowledgedInvocationUS > phases.faultsUS else {
            return "Liveness: no write was acknowledged after all faults had ended"
        }
        return settle(untilUS)
    }

    /// Demands that all agree, before and after everybody was started again.
    private mutating func settle(_ untilUS: UInt64) -> String? {
        world.acceptsOperations = false
        if let problem = run(until: min(phases.silentUS, untilUS)) { return problem }
        guard untilUS > phases.silentUS else { return nil }
        if let problem = world.divergence ?? world.disorder { return problem }

        for node in world.nodes.indices { world.crash(node, .power) }
        if let problem = run(until: min(phases.endUS, untilUS)) { return problem }
        return untilUS > phases.endUS ? world.divergence : nil
    }

    private mutating func run(until deadlineUS: UInt64) -> String? {
        while let observation = world.advance(until: deadlineUS) {
            if let complaint = world.tally.complaint { return "World: \(complaint)" }
            if let problem = invariants.violation(after: observation, in: world) {
                return problem
            }
        }
        return nil
    }
}

// MARK: - The end

extension World {
    /// What is not settled in a healed world that was left alone; `nil` if all is.
    ///
    /// Nodes that are no members, or not any more, get no log: they are left out.
    fileprivate var divergence: String? {
        let leaders = nodes.filter { $0.isUp && $0.raft.role == .leader }
        guard leaders.count == 1, let leader = leaders.first else {
            return "Liveness: \(leaders.count) leaders after all faults had ended"
        }
        guard !leader.raft.voters.isJoint else {
            return "Liveness: a joint configuration was not left: \(leader.raft.voters)"
        }
        let members = leader.raft.voters.members
        for node in nodes where members.contains(node.voter) && !node.isGone {
            guard node.isUp else { return "Liveness: \(node.voter.node) is down" }
            guard node.raft.log.last == leader.raft.log.last,
                node.raft.commit == leader.raft.commit, node.raft.commit == chronicle.last.index
            else {
                return "Liveness: \(node.voter.node) is at \(node.raft.commit) of "
                    + "\(node.raft.log.last), the leader at \(leader.raft.commit) of "
                    + "\(leader.raft.log.last)"
            }
            guard node.raft.voters == leader.raft.voters else {
                return "Liveness: \(node.voter.node) and the leader know other voters"
            }
            let isEqual =
                node.machine.applied == chronicle.last.index
                && node.machine.digest == chronicle.machine.digest
            guard isEqual || node.flip != nil else {
                return "\(node.voter.node) has another state than the committed history gives"
            }
            guard isEqual || !isOverdue(position(of: node.voter.node)) else {
                return "Liveness: \(node.voter.node) differs and was not found out"
            }
        }
        return nil
    }
}
