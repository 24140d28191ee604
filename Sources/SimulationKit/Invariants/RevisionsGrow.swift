// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives
import RaftCore

/// Each command that changes something is one revision, the next one, and neither revisions nor the
/// cluster's age ever go back on a node.
struct RevisionsGrow: Invariant {
    private struct Mark {
        let life: UInt64
        let stateCount: Int
        let revision: Revision
        let elapsedMS: UInt64
    }

    private var marks: [Mark?]
    /// How far the committed history was looked at.
    private var seen = Revision.zero

    init(nodeLimit: Int) { marks = Array(repeating: nil, count: nodeLimit) }

    mutating func violation(after observation: Observation, in world: World) -> String? {
        guard let node = observation.node, !observation.applied.isEmpty else { return nil }
        if let problem = historyProblem(in: world) { return problem }
        let machine = world.nodes[node].machine
        let mark = Mark(
            life: world.nodes[node].life,
            stateCount: world.nodes[node].stateCount,
            revision: machine.revision,
            elapsedMS: machine.elapsedMS
        )
        defer { marks[node] = mark }
        guard let before = marks[node], before.life == mark.life,
            before.stateCount == mark.stateCount
        else { return nil }
        if mark.revision < before.revision {
            return "\(world.nodes[node].voter.node) from \(before.revision) to \(mark.revision)"
        }
        guard mark.elapsedMS >= before.elapsedMS else {
            return "\(world.nodes[node].voter.node): the cluster was \(before.elapsedMS) ms old, "
                + "now \(mark.elapsedMS)"
        }
        return nil
    }

    private mutating func historyProblem(in world: World) -> String? {
        let newest = world.chronicle.machine.revision
        while seen < newest {
            seen = seen.next
            let changes = world.chronicle.changes(of: seen)
            guard !changes.isEmpty, changes.allSatisfy({ $0.revision == seen }) else {
                return "\(seen) is not one command's: \(changes)"
            }
        }
        return world.chronicle.revisionCount == newest.rawValue
            ? nil : "\(world.chronicle.revisionCount) commands changed something, at \(newest)"
    }
}
