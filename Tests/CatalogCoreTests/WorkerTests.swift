// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives
import Testing

struct WorkerTests {
    // MARK: - Genesis

    @Test func genesisMakesWorkersAndRingsInOneRevision() throws {
        var catalog = Catalog()
        let application = catalog.perform(.genesis(clusterEntry(), firstWorkers))

        #expect(application.outcome == .clusterFormed)
        #expect(catalog.revision == Revision(1))
        #expect(catalog.cluster == clusterEntry())
        #expect(catalog.workers.map(\.name) == ["us1", "w1", "w2"])
        #expect(catalog.worker(named: "w2")?.id == NodeID(1), "ids follow the order given")
        #expect(catalog.worker(id: NodeID(3))?.name == "us1")
        #expect(catalog.worker(store: store(1))?.name == "w1")
        #expect(catalog.workers.allSatisfy { $0.state == .active && $0.modRevision.rawValue == 1 })
        let ring = try #require(catalog.ring(region: "ap"))
        #expect(ring.epoch == RingEpoch(1) && ring.previous.isEmpty)
        #expect(ring.members.map(\.id) == [NodeID(1), NodeID(2)])
        #expect(catalog.rings.map(\.region) == ["ap", "us"])

        let keys = application.changes.map(\.key.text)
        #expect(
            keys == ["rings/ap", "rings/us", "voters", "workers/us1", "workers/w1", "workers/w2"]
        )
        #expect(application.changes.allSatisfy { $0.revision == Revision(1) })
        #expect(application.changes.map(\.hasMore) == [true, true, true, true, true, false])
    }

    // swift-format-ignore
    static let badGeneses: [(what: String, voters: [UInt64], workers: [WorkerRegistration])] = [
        ("nobody",            [],        []),
        ("a foreign voter",   [1, 4],    firstWorkers),
        ("voter zero",        [0],       firstWorkers),
        ("one name twice",    [1],       [registration("w", store: 1), registration("w", store: 2)]),
        ("one store twice",   [1],       [registration("v", store: 1), registration("w", store: 1)]),
        ("a name with slash", [1],       [registration("a/b", store: 1)]),
        ("an empty region",   [1],       [registration("w", store: 1, region: "")]),
        ("a zone with space", [1],       [registration("w", store: 1, zone: "a b")]),
    ]

    @Test(arguments: badGeneses)
    func aBadGenesisIsRefused(
        _ row: (what: String, voters: [UInt64], workers: [WorkerRegistration])
    ) {
        var catalog = Catalog()
        let application = catalog.perform(.genesis(clusterEntry(voters: row.voters), row.workers))
        #expect(application.refusal?.kind == "bad-value", "\(row.what)")
        #expect(catalog.revision == .zero && catalog.stateDigest == Catalog().stateDigest)
    }

    @Test func aSecondGenesisChangesNothing() {
        var catalog = formedCatalog()
        let digest = catalog.stateDigest
        let again = catalog.perform(.genesis(clusterEntry(), firstWorkers))
        #expect(again.outcome == .clusterFormed && again.changes.isEmpty)
        let other = catalog.perform(.genesis(clusterEntry(2), firstWorkers))
        #expect(other.refusal == .alreadyFormed(clusterEntry().id))
        #expect(catalog.stateDigest == digest && catalog.revision == Revision(1))
    }

    @Test func nothingComesBeforeGenesis() {
        var catalog = Catalog()
        #expect(catalog.put("/a").refusal?.kind == "bad-value")
        #expect(
            catalog.perform(.register(registration("w", store: 1))).refusal?.kind == "bad-value"
        )
        #expect(catalog.revision == .zero)
    }

    // MARK: - Registration

    @Test func aNewWorkerJoinsAndIsActivated() throws {
        var catalog = formedCatalog()
        let joined = catalog.perform(.register(registration("w4", store: 4)))
        let worker = try #require(joined.worker)
        #expect((worker.id, worker.state, worker.modRevision) == (NodeID(4), .joining, Revision(2)))
        #expect(joined.changes.map(\.key) == ["workers/w4"])
        #expect(catalog.ring(region: "ap")?.epoch == RingEpoch(1), "not in the ring yet")

        let activated = catalog.perform(.activate(NodeID(4)))
        #expect(activated.worker?.state == .active)
        #expect(activated.changes.map(\.key) == ["workers/w4"])
        #expect(catalog.ring(region: "ap")?.epoch == RingEpoch(1), "several share an epoch")

        let published = catalog.perform(.ring(.publish(region: "ap")))
        #expect(published.changes.map(\.key) == ["rings/ap", "jobs/rebalance-ap-2"])
        #expect(published.changes.map(\.hasMore) == [true, false])
        #expect(published.changes.allSatisfy { $0.revision == Revision(4) })
        let ring = try #require(catalog.ring(region: "ap"))
        #expect(ring.epoch == RingEpoch(2) && ring.modRevision == Revision(4))
        #expect(ring.members.map(\.id.rawValue) == [1, 2, 4])
        #expect(ring.previous.map(\.epoch) == [RingEpoch(1)])
        #expect(ring.previous[0].members.map(\.id.rawValue) == [1, 2])

        let again = catalog.perform(.activate(NodeID(4)))
        #expect(again.worker?.state == .active && again.changes.isEmpty)
        #expect(catalog.perform(.activate(NodeID(5))).refusal == .noSuchWorker)
    }

    @Test func aRingRemembersTheFirstFourUnsettledOnes() throws {
        var catalog = formedCatalog()
        for number in UInt64(4)...9 {
            catalog.perform(.register(registration("w\(number)", store: number)))
            catalog.perform(.activate(NodeID(number)))
            catalog.perform(.ring(.publish(region: "ap")))
        }
        let ring = try #require(catalog.ring(region: "ap"))
        #expect(ring.epoch == RingEpoch(7))
        #expect(
            ring.previous.map(\.epoch.rawValue) == [4, 3, 2, 1],
            "fewest pages moved by 5 and 6"
        )
        #expect(ring.previous.map(\.members.count) == [5, 4, 3, 2])
    }

    // swift-format-ignore
    static let registrations: [(what: String, registration: WorkerRegistration, kind: String?, epochs: [UInt64])] = [
        ("nothing new",       registration("w1", store: 1),                                 nil,          [1, 1]),
        ("restarted",         registration("w1", store: 1, startedAt: 2000),                nil,          [1, 1]),
        ("grown",             registration("w1", store: 1, capacity: 2 << 30),              nil,          [2, 1]),
        ("other zone",        registration("w1", store: 1, zone: "ap-c"),                   nil,          [2, 1]),
        ("moved",             registration("w1", store: 1, region: "us", zone: "us-b"),     nil,          [2, 2]),
        ("name of another",   registration("w1", store: 9),                                 "name-taken", [1, 1]),
        ("store of another",  registration("w9", store: 1),                                 "bad-value",  [1, 1]),
        ("both of others",    registration("w2", store: 1),                                 "bad-value",  [1, 1]),
        ("bad name",          registration("-w", store: 9),                                 "bad-value",  [1, 1]),
    ]

    @Test(arguments: registrations)
    func registeringAgain(
        _ row: (what: String, registration: WorkerRegistration, kind: String?, epochs: [UInt64])
    ) {
        var catalog = formedCatalog()
        let before = catalog
        let application = catalog.perform(.register(row.registration))

        #expect(application.refusal?.kind == row.kind, "\(row.what)")
        let after = (catalog.revision, catalog.stateDigest)
        for region in ["ap", "us"] { catalog.perform(.ring(.publish(region: region))) }
        let epochs = ["ap", "us"].map { catalog.ring(region: $0)?.epoch.rawValue }
        #expect(epochs == row.epochs, "\(row.what)")
        if application.changes.isEmpty {
            #expect(after == (before.revision, before.stateDigest))
        } else {
            #expect(after.0 == before.revision.next)
            #expect(application.worker?.id == NodeID(2) && application.worker?.state == .active)
        }
        expectRingsMatchWorkers(catalog)
    }

    @Test func nameTakenNamesTheHolder() {
        var catalog = formedCatalog()
        let refusal = catalog.perform(.register(registration("w1", store: 9))).refusal
        #expect(refusal == .nameTaken(by: store(1), node: NodeID(2)))
    }

    // MARK: - Replacement

    /// A worker whose disk is lost comes back as another one; what it was never comes back.
    @Test func aSuccessorTakesTheNameAndTheOldStoreIsBarred() {
        var catalog = formedCatalog()
        let application = catalog.perform(
            .replace(registration("w1", store: 9), retiring: NodeID(2))
        )
        #expect(application.worker?.id == NodeID(4))
        #expect(application.worker?.state == .joining)
        #expect(
            application.changes.map(\.key.text) == [
                "workers/w1", "rings/ap", "jobs/rebalance-ap-2",
            ]
        )
        #expect(catalog.worker(id: NodeID(2)) == nil && catalog.worker(store: store(1)) == nil)
        #expect(catalog.retired(store: store(1))?.node == NodeID(2))
        expectRingsMatchWorkers(catalog)

        let before = catalog
        for operation: CatalogCommand.Operation in [
            .register(registration("w1", store: 1)),
            .register(registration("w7", store: 1)),
            .replace(registration("w1", store: 1), retiring: NodeID(4)),
        ] {
            #expect(catalog.perform(operation).refusal == .storeRetired(NodeID(2)))
        }
        #expect(catalog.stateDigest == before.stateDigest)
        #expect(
            catalog.perform(.replace(registration("w1", store: 9), retiring: NodeID(2)))
                .worker?.id == NodeID(4),
            "asked again"
        )
    }

    @Test func onlyTheHolderThatWasMeantIsReplaced() {
        var catalog = formedCatalog()
        let refusal = catalog.perform(
            .replace(registration("w1", store: 9), retiring: NodeID(1))
        ).refusal
        #expect(refusal == .nameTaken(by: store(1), node: NodeID(2)))
        #expect(catalog.revision == formedCatalog().revision)
    }

    @Test func votersChangeAsOneRevision() {
        var catalog = formedCatalog()
        let application = catalog.perform(.members(voters: [NodeID(1), NodeID(9)]))
        #expect(application.changes.map(\.key.text) == ["voters"])
        #expect(catalog.cluster?.voters == [NodeID(1), NodeID(9)])
        #expect(catalog.perform(.members(voters: [NodeID(1), NodeID(9)])).changes.isEmpty)
    }

    @Test func liveKeysAreWhatAWatchBeginsWith() {
        var catalog = formedCatalog()
        catalog.put("/data/a")
        catalog.put("/data/b")
        #expect(
            catalog.liveKeys(prefix: "").map(\.key.text) == [
                "mounts//data/a", "mounts//data/b", "rings/ap", "rings/us", "voters",
                "workers/us1", "workers/w1", "workers/w2",
            ]
        )
        func keys(_ prefix: ByteString) -> [String] {
            catalog.liveKeys(prefix: prefix).map(\.key.text)
        }
        #expect(keys("mounts/") == ["mounts//data/a", "mounts//data/b"])
        #expect(keys("mounts//data/b") == ["mounts//data/b"])
        #expect(keys("workers/w") == ["workers/w1", "workers/w2"])
        #expect(keys("voters") == ["voters"])
        #expect(keys("jobs/").isEmpty && keys("mountsx").isEmpty)
        let revisions = catalog.liveKeys(prefix: "").map(\.revision.rawValue)
        #expect(revisions == [2, 3, 1, 1, 1, 1, 1, 1])
    }
}

/// Invariant 3 of ``Catalog``, where every ring was published after the last change.
func expectRingsMatchWorkers(_ catalog: Catalog) {
    for ring in catalog.rings { #expect(ring.members == catalog.ringMembers(of: ring.region)) }
}
