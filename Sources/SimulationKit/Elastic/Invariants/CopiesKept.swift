// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import ElasticCore
import PlacementCore
import Primitives

/// Once everything works again, what the first owner of a page has had for a while, every worker has that its
/// mount has keep it, but for those that needed the room.
struct CopiesKept: Sendable {
    private static let patienceUS: UInt64 = 20_000_000

    /// What is missing where; `nil`: nothing.
    static func gap(in world: ElasticWorld) -> String? {
        for worker in world.workers where worker.isUp {
            let view = RegionView(of: worker.region, in: world.log.catalog, after: worker.view)
            let counts = ReplicaCounts(world.log.catalog, region: worker.region)
            for name in worker.shelf.names {
                let object = world.objects[name.object]
                let route = view.route(
                    of: object.key(ofPage: name.page).hash,
                    replicas: counts.count(of: object.identity.origin)
                )
                guard route.filler?.node == worker.node,
                    let storedUS = worker.shelf.storedAtUS(name),
                    storedUS + patienceUS < world.nowUS
                else { continue }
                for keeper in route.keepers.dropFirst() {
                    guard let position = world.positions[keeper.node] else { continue }
                    let shelf = world.workers[position].shelf
                    let hadRoom = shelf.hasRoom && !shelf.wasEvicted(name)
                    guard shelf.contains(name) || !hadRoom else {
                        return "\(keeper.name) has no copy of \(name), which \(worker.name) holds"
                    }
                }
            }
        }
        return nil
    }
}
