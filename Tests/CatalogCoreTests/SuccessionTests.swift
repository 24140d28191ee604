// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives
import Testing

/// A new cluster that goes on from an old one's catalog.
struct SuccessionTests {
    static let next = ClusterID(UniqueID(high: 9, low: 77))

    /// Two mounts, four workers of which the first three vote.
    static func old() -> Catalog {
        var catalog = formedCatalog()
        catalog.put("/data/a", Mount(origin: "s3://a"))
        catalog.put("/data/b", Mount(origin: "s3://b"))
        catalog.perform(.register(registration("w4", store: 4)))
        catalog.perform(.activate(NodeID(4)))
        return catalog
    }

    @Test func aSurvivorKeepsItsPlaceAndTheOtherVotersAreRetired() throws {
        let old = Self.old()
        let new = try old.beginningAnew(as: Self.next, founder: .survivor(store(1)))
        let node = try #require(old.worker(store: store(1))?.id)
        let cluster = try #require(new.cluster)
        #expect(cluster.id == Self.next && cluster.generation == 2 && cluster.voters == [node])
        #expect(new.revision.rawValue == old.revision.rawValue + 1 << 32)
        #expect(
            cluster.lineage == [
                ClusterAncestor(
                    cluster: clusterEntry().id,
                    generation: 1,
                    revision: old.revision
                )
            ]
        )
        #expect(new.workers.map(\.name).sorted() == ["w1", "w4"])
        #expect(new.worker(store: store(1))?.id == node)
        #expect(new.worker(store: store(4))?.id == NodeID(4))
        for number: UInt64 in [2, 3] { #expect(new.retired(store: store(number)) != nil) }
        #expect(new.mounts().map(\.path) == old.mounts().map(\.path))
        #expect(new.mounts().map(\.origins) == old.mounts().map(\.origins), "caches stay warm")
    }

    @Test func ringsLoseTheRetiredOnceAndRememberThem() throws {
        let old = Self.old()
        let new = try old.beginningAnew(as: Self.next, founder: .survivor(store(1)))
        for name in ["ap", "us"] {
            let before = try #require(old.ring(region: name))
            let ring = try #require(new.ring(region: name))
            #expect(ring.epoch.rawValue == before.epoch.rawValue + Catalog.identifierLeap)
            #expect(ring.previous.first?.members == before.members)
            #expect(
                ring.members.map(\.id)
                    == new.workers.filter { $0.region == name }.map(\.id).sorted()
            )
        }
    }

    @Test func aRetiredStoreDoesNotComeBackAndItsNameIsFree() throws {
        var new = try Self.old().beginningAnew(as: Self.next, founder: .survivor(store(1)))
        #expect(
            new.perform(.register(registration("w2", store: 2))).refusal?.kind == "store-retired"
        )
        let worker = try #require(new.perform(.register(registration("w2", store: 22))).worker)
        #expect(worker.id.rawValue > UInt64(CatalogLimits.workerCount), "never used again")
    }

    /// Pages of an origin that was mounted after the backup are never another one's.
    @Test func whatTheOldClusterGaveLaterIsNotGivenAgain() throws {
        var later = Self.old()
        later.put("/data/later", Mount(origin: "s3://later"))
        let lost = try #require(later.mount(at: "/data/later")?.origins.first?.origin)
        var new = try Self.old().beginningAnew(as: Self.next, founder: .survivor(store(1)))
        new.put("/data/new", Mount(origin: "s3://new"))
        let given = try #require(new.mount(at: "/data/new")?.origins.first?.origin)
        #expect(given.rawValue > lost.rawValue + UInt64(CatalogLimits.originCount) - 10)
    }

    @Test func aNewcomerTakesTheNameOfWhoeverHadIt() throws {
        for name in ["w1", "w4", "w9"] {
            let founder = registration(name, store: 99)
            let new = try Self.old().beginningAnew(as: Self.next, founder: .newcomer(founder))
            let worker = try #require(new.worker(named: name))
            #expect(worker.store == store(99) && worker.state == .active)
            #expect(new.cluster?.voters == [worker.id])
            for number: UInt64 in 1...3 { #expect(new.retired(store: store(number)) != nil) }
            #expect((new.retired(store: store(4)) != nil) == (name == "w4"))
        }
    }

    @Test func learnersAreRetiredToo() throws {
        let new = try Self.old().beginningAnew(
            as: Self.next,
            founder: .survivor(store(1)),
            retiring: [NodeID(4)]
        )
        #expect(new.retired(store: store(4)) != nil)
        #expect(new.workers.map(\.name) == ["w1"])
    }

    @Test func whoIsNoWorkerCannotBegin() throws {
        #expect(throws: CatalogRefusal.self) {
            try Self.old().beginningAnew(as: Self.next, founder: .survivor(store(50)))
        }
        #expect(throws: CatalogRefusal.self) {
            try Catalog().beginningAnew(as: Self.next, founder: .survivor(store(1)))
        }
        #expect(throws: CatalogRefusal.self) {
            try Self.old().beginningAnew(
                as: Self.next,
                founder: .newcomer(registration("new", store: 4))
            )
        }
    }

    /// The lineage has a bound, and the newest ancestor comes first.
    @Test func generationsFollowEachOther() throws {
        var catalog = Self.old()
        for round: UInt64 in 1...20 {
            let parent = try #require(catalog.cluster)
            let id = ClusterID(UniqueID(high: 1, low: round))
            catalog = try catalog.beginningAnew(as: id, founder: .survivor(store(1)))
            let cluster = try #require(catalog.cluster)
            #expect(cluster.generation == round + 1)
            #expect(cluster.lineage.first?.cluster == parent.id)
            #expect(cluster.lineage.count == min(Int(round), ClusterEntry.longestLineage))
            #expect(try Catalog(decodingSnapshot: catalog.encodeSnapshot()).cluster == cluster)
        }
    }

    /// The digest of what was made is that of what is read back: nothing was forgotten on the way.
    @Test func theNewStateAddsUp() throws {
        let new = try Self.old().beginningAnew(as: Self.next, founder: .survivor(store(1)))
        let read = try Catalog(decodingSnapshot: new.encodeSnapshot())
        #expect(read.stateDigest == new.stateDigest && new.isIntact)
    }
}
