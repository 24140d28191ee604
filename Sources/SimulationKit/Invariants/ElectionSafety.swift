// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// At most one leader per term (Raft §5.2).
struct ElectionSafety: Invariant {
    /// Only looked up, never iterated.
    private var leaders: [Term: Voter] = [:]
    /// Who was found there last: mostly the same one once more.
    private var latest: (term: Term, leader: Voter)?

    mutating func violation(after observation: Observation, in world: World) -> String? {
        guard let node = observation.node, world.nodes[node].raft.role == .leader else {
            return nil
        }
        let (term, me) = (world.nodes[node].raft.hardState.term, world.nodes[node].raft.me)
        if let latest, latest.term == term, latest.leader == me { return nil }
        guard let known = leaders[term] else {
            leaders[term] = me
            latest = (term, me)
            return nil
        }
        return known == me ? nil : "\(me.node) and \(known.node) both lead \(term)"
    }
}
