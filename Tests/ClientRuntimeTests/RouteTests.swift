// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import ClientRuntime
import Codecs
import ElasticCore
import NIOCore
import PageTransport
import PlacementCore
import Primitives
import Telemetry
import TestKit
import Testing

struct RouteTests {
    /// A catalog whose region has these rings, newest first, and these suspended workers.
    private static func router(
        _ rings: [[UInt64]],
        suspended: [UInt64] = [],
        removed: [UInt64] = []
    ) -> Router {
        var catalog = Catalog()
        for number in UInt64(1)...9 {
            let state: WorkerEntry.State =
                removed.contains(number)
                ? .removed : suspended.contains(number) ? .suspended : .active
            let entry = WorkerEntry(
                id: NodeID(number),
                store: StoreID(UniqueID(high: 7, low: number)),
                name: "w\(number)",
                region: Rig.region,
                zone: "z\(number)",
                state: state,
                addresses: WorkerAddresses(http: "", s3: nil, data: "", peer: "", socket: nil),
                capacity: 1 << 30,
                version: "",
                startedAtUnixMS: 0,
                modRevision: .zero
            )
            _ = catalog.mirror(ByteString("workers/w\(number)"), .worker(entry))
        }
        let entry = RingEntry(
            region: Rig.region,
            epoch: RingEpoch(UInt64(rings.count)),
            members: rings[0].map(member),
            previous: rings.enumerated().dropFirst().map { index, members in
                RingEntry.PreviousRing(
                    epoch: RingEpoch(UInt64(rings.count - index)),
                    members: members.map(member)
                )
            },
            modRevision: .zero
        )
        _ = catalog.mirror("rings/" + ByteString(Rig.region), .ring(entry))
        catalog.mirrored(upTo: Revision(1))
        let whole = catalog
        return Router(region: Rig.region) { whole }
    }

    private static func member(_ number: UInt64) -> RingEntry.Member {
        RingEntry.Member(
            id: NodeID(number),
            name: "w\(number)",
            zone: "z\(number)",
            capacity: 1 << 30
        )
    }

    private static func owners(
        _ key: PlacementKey,
        _ members: [UInt64],
        _ count: Int
    ) -> [UInt64] {
        Ring(epoch: .zero, members: members.map { RingMember(member($0)) })
            .owners(of: key.hash, count: count).map(\.rawValue)
    }

    /// Goal: a route is what the rings say, put together the plain way.
    @Test(arguments: UInt64(1)...60) func aRouteIsWhatTheRingsSay(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        func members() -> [UInt64] {
            let some = (UInt64(1)...7).filter { _ in random.chance(percent: 60) }
            return some.isEmpty ? [1] : some
        }
        let rings = (0..<Int.random(in: 1...5, using: &random)).map { _ in members() }
        let suspended = [UInt64(8), 9].filter { _ in random.chance(percent: 40) }
        let replicas = Int.random(in: 1...3, using: &random)
        let router = Self.router(rings, suspended: suspended)
        for number in 0..<20 {
            let key = PlacementKey(
                origin: OriginID(1),
                key: ByteString("k\(number)"),
                unit: UInt32(number)
            )
            let route = router.route(of: key, replicas: replicas)
            var holders: [UInt64] = []
            var others: [UInt64] = []
            for ring in rings {
                let owners = Self.owners(key, ring, replicas + 2)
                holders += owners.prefix(replicas)
                others += owners
            }
            let paper = (rings[0] + suspended).sorted()
            if !suspended.isEmpty { holders += Self.owners(key, paper, replicas) }
            let newest = Self.owners(key, rings[0], replicas + 2)
            #expect(route.owners.map(\.node.rawValue) == newest, "seed \(seed)")
            #expect(Set(route.holders.map(\.node.rawValue)) == Set(holders), "seed \(seed)")
            let spares = rings.count == 1 ? [] : Set(others).subtracting(holders)
            #expect(Set(route.spares.map(\.node.rawValue)) == spares, "seed \(seed)")
            #expect(route.holders.count == Set(holders).count)
            #expect(route.spares.count == spares.count)
            #expect(route.holders.first?.node.rawValue == newest.first)
            #expect(route.isSettled == (rings.count == 1))
            #expect(!route.hasRemovedHolder)
        }
    }

    @Test func aHolderThatWasRemovedIsToldOf() {
        let key = PlacementKey(origin: OriginID(1), key: "k", unit: 0)
        let router = Self.router([[1, 2], [3]], removed: [3])
        let route = router.route(of: key, replicas: 1)
        #expect(route.hasRemovedHolder)
        #expect(!route.holders.contains { $0.name == "w3" })
    }

    /// No owner answers, and the one before them does: nothing is read from the origin.
    @Test func whereNoOwnerAnswersTheEarlierOneIsAsked() async throws {
        let rig = Rig(workers: 1)
        rig.change { catalog in
            for number in UInt64(2)...6 {
                catalog.admit(registration("w\(number)", number: number))
            }
        }
        let name = try #require(
            (0..<1_000).lazy.map { ByteString("f\($0)") }
                .first { !rig.owners(of: $0).contains(NodeID(1)) }
        )
        let (file, bytes) = rig.file(name, byteCount: 500)
        rig.serve(bytes, at: NodeID(1))
        let read = try await rig.files.read(
            file,
            range: 0..<500,
            context: ReadContext(client: .fuse)
        )
        #expect(Array(read.readableBytesView) == bytes)
        #expect(rig.origin.reads.isEmpty)
        let modes = rig.workers.takeAsked().compactMap { node, request in
            if node == NodeID(1), case .read(let read) = request { read.mode } else { nil }
        }
        #expect(modes == [.readIfPresent])
        #expect(rig.counter(.cacheReadBytes, ["/data/a", "fuse", "peer"]) == 500)
    }
}
