// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
package import ElasticCore
package import PlacementCore
package import Primitives
import Synchronization

/// Who owns what in one region, by the newest catalog this process has.
///
/// What a page read needs is prepared once a revision and shared: a read then costs one look at the
/// catalog's revision and one reference, however many workers and mounts there are.
package final class Router: Sendable {
    package let region: String
    private let source: @Sendable () -> Catalog
    private let known = Mutex<RegionView?>(nil)

    package init(region: String, catalog: @escaping @Sendable () -> Catalog) {
        self.region = region
        source = catalog
    }

    package var catalog: Catalog { source() }

    /// The region as of the newest catalog.
    package var view: RegionView {
        let catalog = source()
        return known.withLock { known in
            // Equal or later: somebody who read the catalog before us may be here after us.
            if let known, known.revision >= catalog.revision { return known }
            let view = RegionView(of: region, in: catalog, after: known)
            known = view
            return view
        }
    }

    /// The region's ring; `nil` while it has no members.
    package var current: Ring? { view.ring }

    /// The members of the region's ring, in the order of their ids.
    package var workers: [WorkerTarget] { view.workers }

    /// The owners of a page's unit, in order of preference, with the epoch that says so.
    package func owners(
        of key: PlacementKey,
        replicas: Int
    ) -> (epoch: RingEpoch, workers: [WorkerTarget]) {
        let view = view
        guard let ring = view.ring else { return (.zero, []) }
        return (ring.epoch, view.targets(ring.owners(of: key, replicas: replicas)))
    }

    /// The owners by earlier epochs that are not settled, newest first, none twice.
    package func previousOwners(of key: PlacementKey, replicas: Int) -> [WorkerTarget] {
        let view = view
        var found: [WorkerTarget] = []
        for ring in view.earlier {
            let owners = view.targets(ring.owners(of: key, replicas: replicas))
            found += owners.filter { !found.contains($0) }
        }
        return found
    }

    /// Who owns a page's unit, and who else may hold its pages.
    package func route(of key: PlacementKey, replicas: Int) -> PageRoute {
        route(ofHash: key.hash, replicas: replicas)
    }

    /// The same for the hash of a placement.
    package func route(ofHash hash: UInt64, replicas: Int) -> PageRoute {
        view.route(of: hash, replicas: replicas)
    }

    /// The newest epoch known of the region's ring; zero where it has none.
    package var epoch: RingEpoch { view.ring?.epoch ?? .zero }
}
