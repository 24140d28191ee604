// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// What is committed lies durably on the disks of a quorum, with the stores it was admitted with.
///
/// Looks into the disks, not at acknowledgements: what counts is what the production recovery reads
/// back from the sectors that were synced. A disk that was taken out counts as it was then:
/// what replaced it has no vote.
struct CommitDurability: Invariant {
    /// What was looked at last.
    private var seen = LogPosition.zero

    mutating func violation(after observation: Observation, in world: World) -> String? {
        guard let node = observation.node else { return nil }
        let last = world.chronicle.last
        // Whoever has just committed it knows the voters that decided.
        guard last != seen, last.index > .zero, world.nodes[node].raft.commit == last.index else {
            return nil
        }
        seen = last
        let isDurable = world.nodes[node].raft.voters.isQuorum { voter in
            world.disk(of: voter)?.holdsDurably(last) ?? false
        }
        return isDurable ? nil : "\(last) is committed and not durable on a quorum"
    }
}

extension World {
    /// The disk that belongs to an identity, in its node or taken out.
    func disk(of voter: Voter) -> SimulatedDisk? {
        let current = nodes[position(of: voter.node)]
        if current.voter == voter { return current.disk }
        return retired.first { $0.voter == voter }?.disk
    }
}
