// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// Equal logs, equal catalogs: whatever way a node came to an index, by snapshot, restart or entry by
/// entry, its digest there is that of the committed history.
///
/// A node whose memory a fault struck differs; the cores have to find that (``World/isOverdue(_:)``).
struct EqualStates: Invariant {
    private struct Mark: Equatable {
        let life: UInt64
        let stateCount: Int
        let applied: LogIndex
    }

    private var marks: [Mark?]

    init(nodeLimit: Int) { marks = Array(repeating: nil, count: nodeLimit) }

    mutating func violation(after observation: Observation, in world: World) -> String? {
        guard let node = observation.node, !world.nodes[node].machine.isShared,
            world.nodes[node].isUp, world.nodes[node].flip == nil
        else { return nil }
        let index = world.nodes[node].machine.applied
        let mark = Mark(
            life: world.nodes[node].life,
            stateCount: world.nodes[node].stateCount,
            applied: index
        )
        guard index > .zero, marks[node] != mark else { return nil }
        marks[node] = mark
        guard let digest = world.chronicle.digest(at: index) else {
            return "\(world.nodes[node].voter.node) applied \(index), which is not committed"
        }
        return digest == world.nodes[node].machine.digest
            ? nil : "\(world.nodes[node].voter.node) holds another catalog at \(index)"
    }
}
