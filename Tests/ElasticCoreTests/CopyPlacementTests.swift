// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Codecs
import ElasticCore
import PlacementCore
import Primitives
import Testing

@Suite("What a worker copies and gives back")
struct CopyPlacementTests {
    private static func catalog(
        replicas: UInt8,
        members: ClosedRange<UInt64> = 1...4,
        before: ClosedRange<UInt64>? = nil
    ) -> Catalog {
        func member(_ number: UInt64) -> RingEntry.Member {
            RingEntry.Member(id: NodeID(number), name: "w\(number)", zone: "z", capacity: 1 << 37)
        }
        var catalog = Catalog()
        let mount = MountEntry(
            path: "/data/a",
            mount: Mount(origin: "s3://bucket/p", replicas: replicas),
            origins: [ResolvedOrigin(region: nil, origin: OriginID(1))],
            createRevision: Revision(1),
            modRevision: Revision(1)
        )
        _ = catalog.mirror("mounts//data/a", .mount(mount))
        let ring = RingEntry(
            region: "r",
            epoch: RingEpoch(2),
            members: members.map(member),
            previous: before.map {
                [RingEntry.PreviousRing(epoch: RingEpoch(1), members: $0.map(member))]
            } ?? [],
            modRevision: .zero
        )
        _ = catalog.mirror("rings/r", .ring(ring))
        catalog.mirrored(upTo: Revision(2))
        return catalog
    }

    private static func placement(_ catalog: Catalog, at me: UInt64) -> CopyPlacement {
        CopyPlacement(
            RegionView(of: "r", in: catalog, after: nil),
            ReplicaCounts(catalog, region: "r"),
            me: NodeID(me)
        )
    }

    private static func unit(_ number: Int) -> UnitName {
        let object = ObjectIdentity(
            origin: OriginID(1),
            key: ByteString("k\(number)"),
            version: "v",
            byteCount: 100
        )
        return UnitName(object: object, unit: 0)
    }

    /// In the order of preference.
    private static func owners(of unit: UnitName, _ catalog: Catalog) -> [NodeID] {
        RegionView(of: "r", in: catalog, after: nil).ring?
            .owners(of: unit.placement.hash, count: 4) ?? []
    }

    @Test(arguments: [1, 2, 3, 4] as [UInt8], [0, 1, 2])
    func firstOwnersCopyAndStrangersGiveBack(replicas: UInt8, extra: Int) {
        let catalog = Self.catalog(replicas: replicas)
        for number in 0..<40 {
            let unit = Self.unit(number)
            let owners = Self.owners(of: unit, catalog)
            let keepers = owners.prefix(Int(replicas) + extra)
            for (place, owner) in owners.enumerated() {
                let duty = Self.placement(catalog, at: owner.rawValue)
                    .duty(about: unit, extra: extra)
                switch place {
                case 0 where keepers.count > 1:
                    #expect(duty == .copy(to: Array(keepers.dropFirst())))
                case keepers.indices: #expect(duty == .nothing)
                default: #expect(duty == .giveBack(to: owners[0]))
                }
            }
        }
    }

    @Test func nothingIsGivenBackWhileEarlierEpochsCount() {
        let catalog = Self.catalog(replicas: 2, before: 1...3)
        for number in 0..<40 {
            let unit = Self.unit(number)
            for owner in Self.owners(of: unit, catalog).dropFirst(2) {
                #expect(Self.placement(catalog, at: owner.rawValue).duty(about: unit) == .nothing)
            }
        }
    }

    @Test func whoeverIsNotOnTheRingHasNoDuties() {
        let catalog = Self.catalog(replicas: 2)
        for number in 0..<40 {
            #expect(Self.placement(catalog, at: 9).duty(about: Self.unit(number)) == .nothing)
        }
    }

    @Test(arguments: [
        (replicas: UInt8(1), members: 1...4 as ClosedRange<UInt64>, copies: 1, spare: 2),
        (replicas: 2, members: 1...3, copies: 2, spare: 1),
        (replicas: 8, members: 1...3, copies: 3, spare: 0),
    ])
    func heatHasTheRoomThatTheRingLeaves(
        replicas: UInt8,
        members: ClosedRange<UInt64>,
        copies: Int,
        spare: Int
    ) {
        let catalog = Self.catalog(replicas: replicas, members: members)
        let room = Self.placement(catalog, at: 1).room(for: Self.unit(0))
        #expect(room.copies == copies && room.spare == spare)
    }
}
