// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import ClientRuntime
import Codecs
import ElasticCore
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

    /// What this worker does about pages of a unit that are offered to it.
    func turn(for unit: PageOfferUnit) -> PageTurn {
        let replicas = replicas.count(of: unit.object.origin)
        return PageTurn(router.route(of: unit.placement, replicas: replicas), at: me)
    }

    /// How many copies are kept, as the catalog says now.
    var replicas: ReplicaCounts { known.counts(router.catalog, region: router.region) }

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
