// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// A leader has every entry that was committed in an earlier term (Raft §5.4).
struct LeaderCompleteness: Invariant {
    /// The term in which each node was last seen to lead: each leader is checked once.
    private var checked: [Term]

    init(nodeCount: Int) { checked = Array(repeating: .zero, count: nodeCount) }

    mutating func violation(after observation: Observation, in world: World) -> String? {
        guard let node = observation.node, world.nodes[node].raft.role == .leader,
            checked[node] != world.nodes[node].raft.hardState.term
        else { return nil }
        let raft = world.nodes[node].raft
        checked[node] = raft.term
        for record in world.chronicle.records.reversed() {
            let position = record.entry.position
            if position.index <= raft.log.base.index { break }  // Its snapshot holds the rest.
            if record.committedIn < raft.term, !raft.log.holds(position) {
                return "\(raft.me.node) leads \(raft.term) without \(position)"
            }
        }
        return nil
    }
}
