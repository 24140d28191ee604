// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// Changes of who votes.
extension Stage {
    /// `members NODE NAME voters 1 2 4 [learners 3] [prefer NODE=PRIORITY …]`, as NODE sees them now.
    mutating func changeMembers(_ words: inout Words) throws(StatementError) {
        let node = try oneNode(&words)
        let name = try words.next("a name for the change")
        guard words.take("voters") else { throw words.error("'voters'") }
        let voters = try voters(words.nodes())
        let learners = words.take("learners") ? try self.voters(words.nodes()) : []
        var priorities: [VoterSet.Priority] = []
        if words.take("prefer") {
            for word in words.rest() {
                let parts = word.split(separator: "=")
                guard parts.count == 2, let preferred = UInt64(parts[0]),
                    let value = UInt8(parts[1])
                else { throw StatementError(expected: "NODE=PRIORITY", found: "'\(word)'") }
                priorities.append(VoterSet.Priority(node: NodeID(preferred), value: value))
            }
        }
        guard let raft = nodes[node - 1].raft else { throw words.error("a node that is up") }
        let change = MembershipChange(
            expected: raft.voters,
            voters: voters,
            learners: learners,
            priorities: priorities
        )
        try step(node, .changeMembers(request(name), change))
    }

    /// The stores these nodes run on now.
    private func voters(_ numbers: [Int]) throws(StatementError) -> [Voter] {
        guard numbers.allSatisfy({ nodes.indices.contains($0 - 1) }) else {
            throw StatementError(expected: "nodes of the cluster", found: "\(numbers)")
        }
        return numbers.map { nodes[$0 - 1].voter }
    }
}
