// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// No two nodes apply different entries at one index, and none is applied that is not committed
/// (Raft §5.4.3).
struct StateMachineSafety: Invariant {
    mutating func violation(after observation: Observation, in world: World) -> String? {
        if let contradiction = world.chronicle.contradiction { return contradiction }
        guard let node = observation.node else { return nil }
        for entries in observation.applied {
            for entry in entries where world.chronicle.record(at: entry.index)?.entry != entry {
                return "\(world.nodes[node].voter.node) applied another \(entry.position)"
            }
        }
        return nil
    }
}
