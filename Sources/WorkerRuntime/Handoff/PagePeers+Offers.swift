// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import ClientRuntime
import Codecs
import PageStorage
import PlacementCore
import Primitives

/// What offers need to know of the region.
extension PagePeers {
    /// A worker by its id; `nil` where the catalog has none, and for this one.
    func worker(_ node: NodeID) -> WorkerTarget? {
        guard node != me, let worker = router.catalog.worker(id: node), worker.state != .removed
        else { return nil }
        return WorkerTarget(worker)
    }

    func standing(for unit: PageOfferUnit) -> FillStanding {
        let route = router.route(of: unit.placement, replicas: 1)
        return FillStanding(epoch: route.epoch, isFirstOwner: route.filler?.node == me)
    }

    /// Whether this worker is one of those that keep the unit's pages, by its own ring.
    func isHolder(of unit: PageOfferUnit) -> Bool {
        let replicas = replicas.count(of: unit.object.origin)
        let owners = router.route(of: unit.placement, replicas: replicas).owners
        return owners.prefix(replicas).contains { $0.node == me }
    }

    /// How many copies are kept, as the catalog says now.
    var replicas: ReplicaCounts { ReplicaCounts(router.catalog, region: router.region) }

    /// Asks for a whole page of which nothing but its identity is known.
    func lookup(
        of page: UInt32,
        in object: ObjectIdentity,
        byteCount: Int,
        _ standing: FillStanding
    ) -> PageReadRequest {
        PageReadRequest(
            mode: .takeOver,
            epoch: standing.epoch,
            region: router.region,
            mount: ByteString(),
            origin: object.origin,
            key: object.key,
            version: object.version,
            objectByteCount: object.byteCount,
            modifiedUnixNS: 0,
            page: page,
            range: 0..<UInt32(byteCount)
        )
    }
}

extension PageOfferUnit {
    var placement: PlacementKey {
        PlacementKey(origin: object.origin, key: object.key, unit: unit)
    }
}

/// How many workers of a region keep each page: the most that any mount of its origin asks for.
struct ReplicaCounts: Sendable {
    private var counts: [OriginID: Int] = [:]

    init(_ catalog: Catalog, region: String) {
        for entry in catalog.mounts() {
            guard let origin = catalog.resolve(entry.path, region: region)?.originID else {
                continue
            }
            counts[origin] = max(counts[origin] ?? 1, Int(entry.mount.replicas))
        }
    }

    func count(of origin: OriginID) -> Int { counts[origin] ?? 1 }
}
