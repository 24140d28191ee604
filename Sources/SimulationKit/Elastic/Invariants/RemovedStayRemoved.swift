// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives

/// A worker that was taken out of the cluster is never in it again, on no ring, whatever it or gossip says.
struct RemovedStayRemoved: ElasticInvariant {
    private var stores: Set<StoreID> = []
    private var nodes: Set<NodeID> = []

    mutating func violation(after fact: ElasticFact, in world: ElasticWorld) -> String? {
        guard case .committed(let command, let outcome, _) = fact else { return nil }
        if case .worker(.remove) = command.operation, case .worker(let gone) = outcome {
            stores.insert(gone.store)
            nodes.insert(gone.id)
        }
        guard !nodes.isEmpty else { return nil }
        let back = world.log.catalog.workers.first {
            nodes.contains($0.id) || stores.contains($0.store)
        }
        if let back { return "\(back.name) is back after \(command.operation.brief)" }
        for ring in world.log.catalog.rings {
            guard let member = ring.members.first(where: { nodes.contains($0.id) }) else {
                continue
            }
            return "\(member.name) is on ring \(ring.epoch) of \(ring.region)"
        }
        return nil
    }
}
