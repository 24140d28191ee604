// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// What is committed lies durably on the disks of a quorum, with the stores it was admitted with.
///
/// Looks into the disks, not at acknowledgements: what counts is what the production recovery reads
/// back from the sectors that were synced. A disk that was taken out counts as it was then:
/// what replaced it has no vote.
struct CommitDurability: Invariant {
    private struct Mark: Sendable {
        let last: LogIndex
        let voters: VoterSet
    }

    /// What was looked at last.
    private var seen = LogPosition.zero
    /// Every node's log and voters as its last event left them.
    private var marks: [Mark?]

    init(nodeLimit: Int) { marks = Array(repeating: nil, count: nodeLimit) }

    mutating func violation(after observation: Observation, in world: World) -> String? {
        guard let node = observation.node else { return nil }
        defer { mark(node, world) }
        let last = world.chronicle.last
        guard last != seen, last.index > .zero, world.nodes[node].raft.commit == last.index else {
            return nil
        }
        seen = last
        // Whoever has just committed it knows the voters that decided.
        let voters = deciders(of: last.index, node, world)
        if isDurable(last, on: voters, world) { return nil }
        // One event may commit a joint configuration, leave it, and count what follows without it.
        if voters.isJoint, let joint = world.chronicle.lastConfiguration,
            isDurable(joint, on: voters, world),
            isDurable(last, on: world.nodes[node].raft.voters, world)
        {
            return nil
        }
        return "\(last) is committed and not durable on a quorum of \(voters)"
    }

    private func isDurable(_ position: LogPosition, on voters: VoterSet, _ world: World) -> Bool {
        voters.isQuorum { world.disk(of: $0)?.holdsDurably(position) ?? false }
    }

    /// The voters in force when the entry was counted.
    ///
    /// Those before the event, unless the event itself appended the entry. What it appended behind
    /// the entry came after the decision.
    private func deciders(of index: LogIndex, _ node: Int, _ world: World) -> VoterSet {
        guard let mark = marks[node], index <= mark.last else {
            return world.nodes[node].raft.voters(at: index)
        }
        return mark.voters
    }

    private mutating func mark(_ node: Int, _ world: World) {
        let last = world.nodes[node].raft.log.last.index
        guard marks[node]?.last != last else { return }  // Voters change with the log alone.
        marks[node] = Mark(last: last, voters: world.nodes[node].raft.voters)
    }
}

extension World {
    /// The disk that belongs to an identity, in its node or taken out.
    func disk(of voter: Voter) -> SimulatedDisk? {
        let node = position(of: voter.node)
        if nodes[node].voter == voter { return nodes[node].disk }
        return retired.first { $0.voter == voter }?.disk
    }
}
