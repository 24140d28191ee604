// SPDX-License-Identifier: Apache-2.0
import ElasticCore
import TestKit
import PageTransport
import APIModel
import CatalogCore
import ClientRuntime
import Codecs
import HTTPAPI
import PlacementCore
import Primitives
import Synchronization
import Telemetry
import Testing

struct RoutingTests {
    @Test func aChangeOfTheRingIsSeenAtOnce() {
        let rig = Rig(workers: 2)
        let key = PlacementKey(origin: OriginID(1), key: "k", unit: 0)
        let before = rig.router.owners(of: key, replicas: 1)
        #expect(before.workers.count == 2)
        rig.change { catalog in
            catalog.admit(registration("w3", number: 3))
        }
        let after = rig.router.owners(of: key, replicas: 1)
        #expect(after.epoch > before.epoch)
        #expect(after.workers.count == 3)
        let earlier = rig.router.previousOwners(of: key, replicas: 1)
        #expect(earlier == before.workers)
    }

    @Test func aNewAddressIsSeenWithoutANewRing() {
        let rig = Rig(workers: 1)
        let key = PlacementKey(origin: OriginID(1), key: "k", unit: 0)
        let epoch = rig.router.owners(of: key, replicas: 1).epoch
        rig.change { catalog in
            let moved = WorkerRegistration(
                store: StoreID(UniqueID(high: 7, low: 1)),
                name: "w1",
                region: Rig.region,
                zone: "z1",
                addresses: WorkerAddresses(
                    http: "h:1",
                    s3: nil,
                    data: "elsewhere:9",
                    peer: "p:1",
                    socket: nil
                ),
                capacity: 1 << 30,
                version: "0.1.0",
                startedAtUnixMS: 2_000
            )
            catalog.admit(moved)
        }
        let owners = rig.router.owners(of: key, replicas: 1)
        #expect(owners.workers.map(\.data) == ["elsewhere:9"])
        #expect(owners.epoch == epoch)
    }

    /// Whom gossip doubts is asked last, whatever was seen of it here; nobody is lost or doubled.
    @Test func whomOthersDoubtIsAskedLast() {
        let rig = Rig(workers: 3)
        let workers = rig.router.workers
        let doubted = Mutex<NodeID?>(nil)
        let suspects = SuspectList(now: rig.clock.now) { node in
            doubted.withLock { $0 == node }
        }
        #expect(suspects.ordered(workers) == workers)
        for worker in workers {
            doubted.withLock { $0 = worker.node }
            suspects.answered(worker.node)
            #expect(suspects.isSuspect(worker.node))
            let others = workers.filter { $0.node != worker.node }
            #expect(suspects.ordered(workers) == others + [worker])
        }
        doubted.withLock { $0 = nil }
        #expect(suspects.ordered(workers) == workers)
    }

    @Test func suspicionDoublesAndEnds() {
        let rig = Rig()
        let workers = rig.router.workers
        let node = workers[0].node
        for (failures, lastsMS) in [(1, 1_000), (2, 2_000), (3, 4_000), (4, 8_000), (5, 8_000)] {
            rig.suspects.failed(node)
            #expect(rig.suspects.ordered(workers).last?.node == node, "failure \(failures)")
            #expect(rig.suspects.ordered(workers).count == workers.count)
            rig.clock.advance(UInt64(lastsMS) - 1)
            #expect(rig.suspects.isSuspect(node), "failure \(failures)")
            rig.clock.advance(1)
            #expect(!rig.suspects.isSuspect(node), "failure \(failures)")
        }
        rig.suspects.failed(node)
        rig.suspects.answered(node)
        #expect(rig.suspects.ordered(workers) == workers)
    }

    // MARK: - Documents

    /// Goal: what a client builds from the API's shapes is what the worker's catalog holds.
    @Test func everyEntryComesBackFromItsDocument() throws {
        let mount = Mount(
            origin: "s3://bucket/p",
            options: [MountOption(key: "endpoint", value: "https://s3.example")],
            credential: "lake",
            regions: [
                Mount.NamedOverride(
                    region: "us",
                    override: Mount.RegionOverride(
                        origin: "s3://bucket-us/p",
                        options: [MountOption(key: "anonymous", value: "true")],
                        credential: nil
                    )
                ),
                Mount.NamedOverride(
                    region: "eu",
                    override: Mount.RegionOverride(origin: nil, options: nil, credential: "eu-key")
                ),
            ],
            replicas: 3,
            metadataTTL: .expires(Timespan(milliseconds: 90_500)),
            onStale: .fail(after: .seconds(120))
        )
        let rig = Rig(mounts: [
            ("/data/a", mount),
            ("/data/é", Mount(origin: "file:///mnt/x", metadataTTL: .immutable)),
        ])
        rig.change { catalog in
            catalog.admit(registration("us1", number: 9, region: "us"))
            catalog.admit(registration("w10", number: 10))
            let sealed = SealedCredential(
                keyID: CredentialKeyID(0xFEDC_BA98_7654_3210),
                fields: ["accessKeyId", "secretAccessKey"],
                bytes: [1]
            )
            catalog.perform(.putCredential(name: "lake", sealed, .any))
        }
        let live = rig.catalog.liveKeys(prefix: "").filter { !$0.key.hasPrefix("jobs/") }
        #expect(live.count == 2 + 5 + 2 + 1 + 1)
        for change in live {
            let value = try #require(change.value)
            let back = try CatalogValue(WatchValue(value))
            #expect(back == value, "\(change.key)")
        }
    }

    /// Nobody asks a client about jobs, so that it keeps none.
    @Test func jobsAreReadOver() throws {
        let rig = Rig(workers: 2)
        rig.change { $0.admit(registration("w3", number: 3)) }
        let jobs = rig.catalog.liveKeys(prefix: "jobs/")
        #expect(jobs.count == 1)
        for change in jobs {
            let value = try #require(change.value)
            #expect(try CatalogValue(WatchValue(value)) == nil)
        }
    }

    @Test func aMirrorAnswersWhatItsModelDoes() throws {
        let rig = Rig(mounts: [
            ("/data/a", Mount(origin: "s3://bucket/p")),
            ("/data/a/b", Mount(origin: "s3://bucket/q")),
        ])
        rig.change { $0.perform(.removeMount(path: "/data/a/b", .any)) }
        var mirror = Catalog()
        for change in rig.catalog.liveKeys(prefix: "") {
            let isTaken = mirror.mirror(change.key, change.value)
            #expect(isTaken)
        }
        mirror.mirrored(upTo: rig.catalog.revision)
        #expect(
            mirror.liveKeys(prefix: "").map(\.value)
                == rig.catalog.liveKeys(prefix: "").map(\.value)
        )
        let path: ByteString = "/data/a/b/c"
        #expect(
            mirror.resolve(path, region: Rig.region)
                == rig.catalog.resolve(path, region: Rig.region)
        )
        #expect(mirror.childrenOfVirtualDirectory("/data") == ["a"])
        #expect(mirror.worker(id: NodeID(2))?.name == "w2")
        let worker = try #require(mirror.worker(named: "w2"))
        let isMisfit = !mirror.mirror("workers/other", .worker(worker))
        #expect(isMisfit, "key and value must agree")
        for gone in ["workers/w2", "mounts//data/a"] as [ByteString] {
            let isTaken = mirror.mirror(gone, nil)
            #expect(isTaken)
        }
        #expect(mirror.worker(id: NodeID(2)) == nil)
        #expect(mirror.mountCount == 0)
    }

    // MARK: - Age

    @Test func aReplicaIsAsOldAsWhatItHasWasWhenSomebodySaid() {
        var age = ReplicaAge()
        #expect(age.age(atMS: 0) == nil)
        age.note(revision: Revision(10), stalenessMS: 300, askedAtMS: 5_000)
        age.reached(Revision(9))
        #expect(age.age(atMS: 6_000) == nil, "it does not have what was spoken of")
        age.reached(Revision(10))
        #expect(age.age(atMS: 6_000) == Timespan(milliseconds: 1_300))
        age.note(revision: Revision(10), stalenessMS: 60_000, askedAtMS: 7_000)
        age.reached(Revision(12))
        #expect(age.age(atMS: 7_000) == Timespan(milliseconds: 2_300), "the better claim counts")
        age.note(revision: Revision(12), stalenessMS: .max, askedAtMS: 7_500)
        age.reached(Revision(12))
        #expect(age.age(atMS: 8_000) == Timespan(milliseconds: 3_300))
    }

    // MARK: - Reports

    @Test func readsAreReportedOnceToWhoeverAnswersAndNoneIsLost() async {
        let rig = Rig()
        let reporter = ReadReporter(registry: rig.registry)
        let workers = rig.router.workers
        for _ in 0..<3 { reporter.returned(100, mount: "/data/a", client: .fuse, source: .peer) }
        reporter.returned(7, mount: "/data/a", client: .fuse, source: .local)
        await reporter.flush(to: workers, asking: rig.workers)
        #expect(reporter.unreported == 307, "nobody answers")

        rig.workers.set(workers[1].node) { _ in .success(.pong) }
        _ = rig.workers.takeAsked()
        await reporter.flush(to: workers, asking: rig.workers)
        #expect(reporter.unreported == 0)
        let reports = rig.workers.takeAsked().compactMap { node, request -> UInt64? in
            guard case .report(let report) = request, node == workers[1].node else { return nil }
            return report.byteCount
        }
        #expect(reports.sorted() == [7, 300])
        await reporter.flush(to: workers, asking: rig.workers)
        #expect(rig.workers.takeAsked().isEmpty, "nothing new, nothing sent")
        #expect(rig.counter(.cacheReadBytes, ["/data/a", "fuse", "peer"]) == 300)
    }
}
