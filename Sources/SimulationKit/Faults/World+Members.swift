// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Primitives
import RaftCore

/// Whoever decides which nodes vote: an autopilot or an operator, through any node it takes for the
/// leader.
extension World {
    /// How long a change that was asked for may still come into force, in microseconds.
    private static let changeAgeUS: UInt64 = 120_000_000

    /// Adds a node with an empty disk, which nobody knows yet.
    mutating func addNode() {
        let voter = Voter(
            node: NodeID(UInt64(nodes.count) + 1),
            store: StoreID(UniqueID(using: &random))
        )
        do throws(LogStorageError) {
            let disk = try makeDisk(of: voter, first: nil)
            nodes.append(
                try SimulatedNode(voter: voter, disk: disk, plan: plan, using: &random)
            )
            scheduleTick(nodes.count - 1)
            narrate("\(voter.node) is new")
        } catch {
            tally.complaint = "\(voter.node) has no log: \(error)"
        }
    }

    /// Asks for one change of members: mostly of the leader, mostly one that it can grant.
    mutating func changeMembers(_ random: inout SplitMix64) {
        let believed = nodes.firstIndex { $0.isUp && $0.raft.role == .leader }
        let node = random.chance(percent: 90) ? believed ?? victim(&random) : victim(&random)
        let seen = nodes[random.chance(percent: 90) ? node : victim(&random)].raft.voters
        guard !seen.isJoint, let change = change(of: seen, &random) else { return }
        guard isSafe(change) else { return }
        askedVoters.removeAll { $0.untilUS <= nowUS }
        askedVoters.append((change.voters, untilUS: nowUS + Self.changeAgeUS))
        tally.memberChanges += 1
        queue.add(.memberChange(node: node, life: nodes[node].life, change), at: nowUS)
    }

    /// A learner that comes, gets a vote, takes a voter's place or goes; or a voter that goes.
    private mutating func change(
        of seen: VoterSet,
        _ random: inout SplitMix64
    ) -> MembershipChange? {
        var (voters, learners) = (seen.incoming, seen.learners)
        switch Int.random(in: 0..<8, using: &random) {
        case 0...2:
            guard let newcomer = newcomer(to: seen) else { return nil }
            learners.append(newcomer)
        case 3...5:
            guard let learner = learners.popLast() else { return nil }
            voters.append(learner)
            let leaver = voters.first(where: isDamaged) ?? voters.randomElement(using: &random)
            if seen.incoming.count > 4 || random.chance(percent: 70) {
                voters.removeAll { $0 == leaver }
            }
        case 6:
            let leaver = voters.first(where: isDamaged) ?? voters.randomElement(using: &random)
            guard voters.count > 2 else { return nil }
            voters.removeAll { $0 == leaver }
        default: learners = []
        }
        let favourite = random.chance(percent: 30) ? voters.randomElement(using: &random) : nil
        let priorities = favourite.map { [VoterSet.Priority(node: $0.node, value: 10)] } ?? []
        return MembershipChange(
            expected: seen,
            voters: voters,
            learners: learners,
            priorities: priorities
        )
    }

    /// A node that is no member, and whose number no member has; a new one if there is none.
    private mutating func newcomer(to seen: VoterSet) -> Voter? {
        let known = seen.members.map(\.node)
        let idle = nodes.first { node in
            !node.isGone && !node.isWiped && !node.disk.isDamaged
                && !known.contains(node.voter.node)
        }
        if let idle { return idle.voter }
        guard nodes.count < plan.nodeLimit else { return nil }
        addNode()
        return nodes.last?.voter
    }

    /// Whether those who would vote can do without those of them that are damaged.
    private func isSafe(_ change: MembershipChange) -> Bool {
        change.voters.count(where: isDamaged) <= (change.voters.count - 1) / 2
    }
}
