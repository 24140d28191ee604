// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// On each disk the term never falls and a vote is never changed within its term, over restarts;
/// in each life commit never falls, nor does applied as long as the state is not made anew.
struct MonotoneState: Invariant {
    private struct Mark: Sendable {
        let voter: Voter
        let life: UInt64
        let stateCount: Int
        let hardState: HardState
        let commit: LogIndex
        let applied: LogIndex
    }

    private var marks: [Mark?]

    init(nodeLimit: Int) { marks = Array(repeating: nil, count: nodeLimit) }

    mutating func violation(after observation: Observation, in world: World) -> String? {
        guard let position = observation.node else { return nil }
        let before = marks[position]
        // Without one it has just ended.
        guard let hardState = world.nodes[position].disk.hardState else { return nil }
        let mark = Mark(
            voter: world.nodes[position].voter,
            life: world.nodes[position].life,
            stateCount: world.nodes[position].stateCount,
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
        // A state that was thrown away is applied once more.
        let hasFallen = mark.applied < before.applied && mark.stateCount == before.stateCount
        return mark.commit < before.commit || hasFallen
            ? "commit or applied fell on \(mark.voter.node)" : nil
    }
}
