// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives

/// When a drain ends, all that the drained worker holds is on somebody else's disk, or was until that one
/// needed the room; but for as many pages as the verdict says.
struct TrueVerdicts: ElasticInvariant {
    mutating func violation(after fact: ElasticFact, in world: ElasticWorld) -> String? {
        guard case .committed(let command, .worker(let entry), let before) = fact,
            case .worker(.drained(let node, _)) = command.operation,
            before.worker(id: node)?.state == .draining, let worker = world.positions[node]
        else { return nil }
        let others = world.workers.indices.filter {
            $0 != worker && world.workers[$0].region == entry.region
        }
        let shelf = world.workers[worker].shelf
        let alone = shelf.names.filter { name in
            let sinceUS = shelf.storedAtUS(name) ?? 0
            return !others.contains { world.workers[$0].shelf.hasHad(name, sinceUS: sinceUS) }
        }
        let said = world.log.catalog.drainJob(of: node)?.left.pages ?? 0
        guard alone.count > Int(said) else { return nil }
        return "\(entry.name) is drained but for \(said) pages, and alone has \(alone)"
    }
}
