// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
package import PlacementCore
package import Primitives
import Synchronization

/// Who owns what in one region, by the newest catalog this process has.
///
/// A ring is built once an epoch and shared; everything else is looked up as it is asked.
package final class Router: Sendable {
    package let region: String
    private let source: @Sendable () -> Catalog
    private let ring = Mutex<Ring?>(nil)

    package init(region: String, catalog: @escaping @Sendable () -> Catalog) {
        self.region = region
        source = catalog
    }

    package var catalog: Catalog { source() }

    /// The region's ring; `nil` while it has no members.
    package var current: Ring? {
        guard let entry = catalog.ring(region: region), !entry.members.isEmpty else { return nil }
        return ring.withLock { known in
            if let known, known.epoch == entry.epoch { return known }
            let built = Ring(epoch: entry.epoch, members: entry.members.map(RingMember.init))
            known = built
            return built
        }
    }

    /// The owners of a page's unit, in order of preference, with the epoch that says so.
    package func owners(
        of key: PlacementKey,
        replicas: Int
    ) -> (epoch: RingEpoch, workers: [WorkerTarget]) {
        guard let ring = current else { return (.zero, []) }
        let catalog = catalog
        let workers = ring.owners(of: key, replicas: replicas).compactMap { target($0, in: catalog) }
        return (ring.epoch, workers)
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
        return nodes.compactMap { target($0, in: catalog) }
    }

    private func target(_ node: NodeID, in catalog: Catalog) -> WorkerTarget? {
        guard let worker = catalog.worker(id: node) else { return nil }
        return WorkerTarget(
            node: node,
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
