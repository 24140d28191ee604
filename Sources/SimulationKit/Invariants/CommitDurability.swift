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
        var last: LogIndex
        let voters: VoterSet
        /// What a change of the voters that no write tells of would have changed.
        let life: UInt64
        let snapshot: LogIndex?
    }

    /// What was looked at last.
    private var seen = LogPosition.zero
    /// Every node's log and voters as its last event left them.
    private var marks: [Mark?]

    init(nodeLimit: Int) { marks = Array(repeating: nil, count: nodeLimit) }

    mutating func violation(after observation: Observation, in world: World) -> String? {
        guard let node = observation.node else { return nil }
        defer { mark(node, observation, world) }
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

    /// Voters change with entries of the log, with a snapshot in its place, and where a process starts.
    private mutating func mark(_ node: Int, _ observation: Observation, _ world: World) {
        guard world.nodes[node].isUp else {
            marks[node] = nil  // It crashed amid the event: what its core holds is of the past.
            return
        }
        let last = world.nodes[node].raft.log.last.index
        let life = world.nodes[node].life
        let snapshot = world.nodes[node].raft.snapshot?.position.index
        let isSame = marks[node].map { $0.life == life && $0.snapshot == snapshot } ?? false
        if isSame, !observation.writes.contains(where: \.mayChangeVoters) {
            marks[node]?.last = last
        } else {
            marks[node] = Mark(
                last: last,
                voters: world.nodes[node].raft.voters,
                life: life,
                snapshot: snapshot
            )
        }
    }
}

extension LogWrite {
    fileprivate var mayChangeVoters: Bool {
        truncateFrom != nil || entries.contains { $0.kind == .configuration }
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
