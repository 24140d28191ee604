// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// At most one leader per term (Raft §5.2).
struct ElectionSafety: Invariant {
    /// Only looked up, never iterated.
    private var leaders: [Term: Voter] = [:]

    mutating func violation(after observation: Observation, in world: World) -> String? {
        guard let node = observation.node, world.nodes[node].raft.role == .leader else {
            return nil
        }
        let (term, me) = (world.nodes[node].raft.hardState.term, world.nodes[node].raft.me)
        guard let known = leaders[term] else {
            leaders[term] = me
            return nil
        }
        return known == me ? nil : "\(me.node) and \(known.node) both lead \(term)"
    }
}
