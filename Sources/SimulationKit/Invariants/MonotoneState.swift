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
        let before = marks[position]
        // Without one it has just ended.
        guard let hardState = world.nodes[position].disk.hardState else { return nil }
        let mark = Mark(
            voter: world.nodes[position].voter,
            life: world.nodes[position].life,
            hardState: hardState,
            commit: world.nodes[position].raft.commit,
            applied: world.nodes[position].raft.applied
        )
        marks[position] = mark
        guard let before, before.voter == mark.voter else { return nil }
        return problem(before, mark)
    }

    private func problem(_ before: Mark, _ mark: Mark) -> String? {
        var states: String { "\(before.hardState) then \(mark.hardState)" }
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
