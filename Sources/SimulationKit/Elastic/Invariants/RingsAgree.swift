// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import ElasticCore
import PlacementCore
import Primitives

/// The same epoch of a region is the same ring everywhere, and the same place of the log the same catalog.
struct RingsAgree: ElasticInvariant {
    private var digests: [String: UInt64] = [:]

    mutating func violation(after fact: ElasticFact, in world: ElasticWorld) -> String? {
        guard case .applied(let worker) = fact else { return nil }
        let replica = world.workers[worker]
        let expected = world.log.digests[replica.applied - 1]
        guard replica.catalog.stateDigest == expected else {
            return "\(replica.name)'s catalog at \(replica.applied) differs from what was committed"
        }
        let entry = replica.catalog.ring(region: replica.region)
        guard replica.view?.ring?.epoch == entry.flatMap({ $0.members.isEmpty ? nil : $0.epoch })
        else { return "\(replica.name) places pages by another ring than its catalog's" }
        for ring in [replica.view?.ring].compactMap(\.self) + (replica.view?.earlier ?? []) {
            let digest = ring.digest
            let known = digests["\(replica.region) \(ring.epoch)", default: digest]
            digests["\(replica.region) \(ring.epoch)"] = known
            guard digest == known else {
                return "\(replica.name) has another ring of \(replica.region) at \(ring.epoch)"
            }
        }
        return nil
    }
}
