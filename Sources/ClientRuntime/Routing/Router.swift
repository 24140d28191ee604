// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
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
    var view: RegionView {
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
        let catalog = catalog
        guard let entry = catalog.ring(region: region) else { return [] }
        var nodes: [NodeID] = []
        for previous in entry.previous where !previous.members.isEmpty {
            let ring = Ring(epoch: previous.epoch, members: previous.members.map(RingMember.init))
            for node in ring.owners(of: key, replicas: replicas) where !nodes.contains(node) {
                nodes.append(node)
            }
        }
        return nodes.compactMap { catalog.worker(id: $0).map(WorkerTarget.init) }
    }
}

/// One region's ring and the addresses of its members, as of one revision.
final class RegionView: Sendable {
    let revision: Revision
    /// `nil` while it has no members.
    let ring: Ring?
    /// In the order of their ids.
    let workers: [WorkerTarget]

    let members: [RingEntry.Member]
    private let byNode: [NodeID: WorkerTarget]

    /// Takes the ring over from `earlier` where it is the same: its points are the costly part.
    init(of region: String, in catalog: Catalog, after earlier: RegionView?) {
        let entry = catalog.ring(region: region)
        revision = catalog.revision
        members = entry?.members ?? []
        workers = members.compactMap { catalog.worker(id: $0.id).map(WorkerTarget.init) }
        byNode = Dictionary(workers.map { ($0.node, $0) }, uniquingKeysWith: { first, _ in first })
        guard let entry, !members.isEmpty else {
            ring = nil
            return
        }
        if let known = earlier?.ring, known.epoch == entry.epoch, earlier?.members == members {
            ring = known
        } else {
            ring = Ring(epoch: entry.epoch, members: members.map(RingMember.init))
        }
    }

    func targets(_ nodes: [NodeID]) -> [WorkerTarget] { nodes.compactMap { byNode[$0] } }
}

extension WorkerTarget {
    init(_ worker: WorkerEntry) {
        self.init(
            node: worker.id,
            name: worker.name,
            data: worker.addresses.data,
            socket: worker.addresses.socket
        )
    }
}

extension RingMember {
    /// What placement needs of a member in the catalog.
    package init(_ member: RingEntry.Member) {
        self.init(id: member.id, zone: member.zone, capacity: member.capacity)
    }
}
