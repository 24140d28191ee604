// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import ElasticCore
import PlacementCore
import Primitives

/// Where nothing goes wrong, a fifth more pages travel than have to at most.
///
/// Have to: the pages that some worker of the region holds, and the first owner by a new ring does not, when
/// the ring is published.
struct MinimalMoves: ElasticInvariant {
    private(set) var minimum = 0
    private(set) var carried = 0

    mutating func violation(after fact: ElasticFact, in world: ElasticWorld) -> String? {
        guard world.plan.isCalm else { return nil }
        switch fact {
        case .carried: carried += 1
        case .committed(_, .ring(let ring), let before):
            guard before.ring(region: ring.region)?.epoch != ring.epoch else { return nil }
            minimum += Self.due(ring, world)
        default: break
        }
        return nil
    }

    private static func due(_ entry: RingEntry, _ world: ElasticWorld) -> Int {
        let ring = Ring(epoch: entry.epoch, members: entry.members.map(RingMember.init))
        var held: Set<PageName> = []
        for worker in world.workers where worker.region == entry.region {
            held.formUnion(worker.shelf.names)
        }
        return held.count { name in
            let key = world.objects[name.object].key(ofPage: name.page)
            guard let owner = ring.owners(of: key.hash, count: 1).first,
                let position = world.positions[owner]
            else { return false }
            return !world.workers[position].shelf.contains(name)
        }
    }

    /// At the end; a few pages are no fifth.
    func violation(in world: ElasticWorld) -> String? {
        guard world.plan.isCalm, carried * 5 > minimum * 6 + 10 else { return nil }
        return "\(carried) pages travelled, \(minimum) had to"
    }
}
