// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// A leader appends a configuration only when the one before it is committed, votes change through
/// joint configurations alone, and nobody leaves one before it is committed (Raft §6).
struct ConfigurationsOneByOne: Invariant {
    mutating func violation(after observation: Observation, in world: World) -> String? {
        guard let node = observation.node else { return nil }
        for write in observation.writes {
            for entry in write.entries where entry.kind == .configuration {
                let before = LogIndex(entry.index.rawValue - 1)
                if let problem = problem(with: entry, behind: before, node, world) {
                    return "\(world.nodes[node].voter.node): \(problem)"
                }
            }
        }
        return nil
    }

    private func problem(
        with entry: LogEntry,
        behind before: LogIndex,
        _ node: Int,
        _ world: World
    ) -> String? {
        // A snapshot may have taken the place of what was before.
        guard world.nodes[node].raft.log.holds(entry.position), before > .zero,
            before >= world.nodes[node].raft.log.base.index
        else { return nil }
        let old = world.nodes[node].raft.voters(at: before)
        let new = world.nodes[node].raft.voters(at: entry.index)
        guard !old.incoming.isEmpty else { return nil }  // The first of all.
        let isEntering = new.isJoint && !old.isJoint && new.outgoing == old.incoming
        let isLeaving = old.isJoint && !new.isJoint && new.incoming == old.incoming
        let isSame = !old.isJoint && !new.isJoint && new.incoming == old.incoming
        guard isEntering || isLeaving || isSame else {
            return "\(entry.position) leads from \(old) to \(new)"
        }
        return uncommitted(node, world).map {
            "\(entry.position) is behind \($0), both uncommitted"
        }
    }

    /// A configuration that a leader has appended before its last one, if neither is committed.
    private func uncommitted(_ node: Int, _ world: World) -> LogPosition? {
        let raft = world.nodes[node].raft
        guard raft.role == .leader, raft.commit < raft.log.last.index else { return nil }
        let configurations = raft.log.entries(from: raft.commit.next, through: raft.log.last.index)
            .filter { $0.kind == .configuration }
        return configurations.count > 1 ? configurations.first?.position : nil
    }
}
