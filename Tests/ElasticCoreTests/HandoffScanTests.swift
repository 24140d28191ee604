// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import ElasticCore
import PlacementCore
import Primitives
import Testing

/// What a worker finds that it should give away.
struct HandoffScanTests {
    /// Goal: whoever drains and has nobody to give to does not say that nothing is left.
    @Test func byARingOfNobodyEverythingIsRefused() throws {
        var catalog = Catalog()
        let registration = WorkerRegistration(
            store: StoreID(UniqueID(high: 2, low: 1)),
            name: "w1",
            region: "ap",
            zone: "z",
            addresses: WorkerAddresses(http: "", s3: nil, data: "", peer: "", socket: nil),
            capacity: 1 << 30,
            version: "1",
            startedAtUnixMS: 0
        )
        let entry = ClusterEntry(
            id: ClusterID(UniqueID(high: 1, low: 1)),
            generation: 1,
            survival: .zone,
            timing: .lan,
            featureLevel: 1,
            voters: [NodeID(1)]
        )
        let drain = WorkerDrain(NodeID(1), isForced: true)
        for operation in [
            .genesis(entry, [registration]), .worker(.drain(drain)), .ring(.publish(region: "ap")),
        ] as [CatalogCommand.Operation] {
            _ = catalog.apply(CatalogCommand(operation: operation))
        }
        let situation = try #require(HandoffSituation(catalog, region: "ap", me: NodeID(1)))
        #expect(situation.isGiving && situation.members.isEmpty)

        let placement = HandoffPlacement(situation, catalog, region: "ap")
        let object = ObjectIdentity(
            origin: OriginID(1),
            key: "k",
            version: "v",
            byteCount: 3 << 20
        )
        var scan = HandoffScan()
        let unit = HeldUnit(object: object, unit: 0, pages: 0b101, heat: 0)
        scan.add(unit, by: placement, HandoffLedger(epoch: situation.epoch))
        scan.finish()
        #expect(scan.units.isEmpty)
        #expect(scan.refusedPages == 2)
        #expect(scan.refusedBytes == 2 << 20)
    }
}
