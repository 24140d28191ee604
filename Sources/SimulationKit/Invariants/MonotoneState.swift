// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// On each disk the term never falls and a vote is never changed within its term, over restarts;
/// in each life commit and applied never fall.
struct MonotoneState: Invariant {
    private struct Mark: Sendable {
        let voter: Voter
        let life: UInt64
        let hardState: HardState
        let commit: LogIndex
        let applied: LogIndex
    }

    private var marks: [Mark?]

    init(nodeCount: Int) { marks = Array(repeating: nil, count: nodeCount) }

    mutating func violation(after observation: Observation, in world: World) -> String? {
        guard let position = observation.node else { return nil }
        let node = world.nodes[position]
        let before = marks[position]
        guard let hardState = node.disk.hardState else { return nil }  // It has just ended.
        let mark = Mark(
            voter: node.voter,
            life: node.life,
            hardState: hardState,
            commit: node.raft.commit,
            applied: node.raft.applied
        )
        marks[position] = mark
        guard let before, before.voter == mark.voter else { return nil }
        return problem(before, mark)
    }

    private func problem(_ before: Mark, _ mark: Mark) -> String? {
        let states = "\(before.hardState) then \(mark.hardState)"
        if mark.hardState.term < before.hardState.term { return "term fell: \(states)" }
        if mark.hardState.term == before.hardState.term, let vote = before.hardState.vote,
            mark.hardState.vote != vote
        {
            return "vote changed: \(states)"
        }
        guard before.life == mark.life else { return nil }
        let isFalling = mark.commit < before.commit || mark.applied < before.applied
        return isFalling ? "commit or applied fell on \(mark.voter.node)" : nil
    }
}
