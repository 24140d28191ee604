// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import ClientRuntime
import Codecs
import ElasticCore
import Foundation
import Logging
import NIOCore
import NIOPosix
import Origins
import PageStorage
import PageTransport
import PlacementCore
import Primitives
import Synchronization
import SystemPackage
import Telemetry
import TestKit
import WorkerRuntime

/// Several workers of one region in this process: page servers on loopback, stores in scratch
/// directories, one origin that counts, and a catalog that a test changes at will.
final class Fleet: Sendable {
    static let region = "ap"
    static let mount: ByteString = "/data/a"

    let origin = MemoryOrigin()
    let world: FleetCatalog
    private let workers = Mutex<[NodeID: FleetWorker]>([:])
    private let scratch: ScratchDirectory
    let mebibytes: UInt64

    /// Workers 1…count, all of them members of the ring of epoch 1, which is settled.
    init(_ count: Int, mebibytes: UInt64 = 256, replicas: UInt8 = 1) async throws {
        scratch = try ScratchDirectory()
        world = FleetCatalog(replicas: replicas)
        self.mebibytes = mebibytes
        for number in 1...count { try await start(UInt64(number)) }
        world.setRing(1, members: (1...count).map(UInt64.init), previous: [])
    }

    subscript(number: UInt64) -> FleetWorker {
        guard let worker = workers.withLock({ $0[NodeID(number)] }) else {
            preconditionFailure("worker \(number) does not run")
        }
        return worker
    }

    var all: [FleetWorker] {
        workers.withLock { workers in workers.values.sorted { $0.node < $1.node } }
    }

    /// Starts a worker, or one that ran before, with the pages it had.
    @discardableResult
    func start(_ number: UInt64, mebibytes: UInt64? = nil) async throws -> FleetWorker {
        let node = NodeID(number)
        let directory = scratch.path("cache-\(number)")
        let capacity = ByteCount.mebibytes(mebibytes ?? self.mebibytes)
        var store: PageStore?
        // The last tasks of an earlier life may hold its directory for a moment.
        let isOpen = await eventually {
            store = try? PageStore.open(
                disks: [PageDiskConfiguration(directory: directory, capacity: capacity)],
                cluster: PageRig.cluster
            )
            return store != nil
        }
        guard isOpen, let store else { throw FleetError.storeInUse }
        let worker = try await FleetWorker(node, store: store, origin: origin, world: world)
        workers.withLock { $0[node] = worker }
        world.put(worker: number, data: "\(worker.address)")
        return worker
    }

    /// Ends a worker as a crash would: connections break, its port refuses.
    func kill(_ number: UInt64) async {
        let worker = workers.withLock { $0.removeValue(forKey: NodeID(number)) }
        await worker?.stop()
    }

    func stop() async {
        for worker in all { await kill(worker.node.rawValue) }
    }

    /// Bytes read from the origin for `cause`, at all workers that run.
    func originBytes(_ cause: String) -> UInt64 {
        all.reduce(0) { sum, worker in
            sum + worker.registry.counter(.originReadBytes, Self.mount.text, cause).value
        }
    }
}

enum FleetError: Error { case storeInUse }

/// One worker of a ``Fleet``.
final class FleetWorker: Sendable {
    let node: NodeID
    let store: PageStore
    let registry = MetricRegistry()
    let pages: PageService
    let peers: PagePeers
    let handler: WorkerPages
    let suspects: SuspectList
    /// Set to have this worker know an older catalog than the others.
    let lag = CatalogLag()
    /// What this worker said about its part of ring changes, in order.
    let reports = ReportLog()
    let pace = PaceBox()
    /// What its copies go by; a test may put it forward.
    let copyClock = FleetClock()
    let address: PageAddress
    private let background: Task<Void, Never>
    private let client: PageClient
    private let server: PageServer

    init(
        _ node: NodeID,
        store: PageStore,
        origin: MemoryOrigin,
        world: FleetCatalog
    ) async throws {
        let lag = lag
        let catalog: @Sendable () -> Catalog = { lag.catalog ?? world.catalog }
        let clock = ContinuousClock.now
        suspects = SuspectList(now: {
            UInt64((ContinuousClock.now - clock) / .milliseconds(1))
        })
        let origins = OriginTable(
            factory: OneOrigin(origin: origin),
            region: Fleet.region,
            catalog: catalog,
            metrics: registry
        )
        client = PageClient(
            group: MultiThreadedEventLoopGroup.singleton,
            cluster: PageRig.cluster,
            name: "w\(node)"
        )
        let asking = RemoteAsking(client: client) { _ in false }
        peers = PagePeers(
            me: node,
            router: Router(region: Fleet.region, catalog: catalog),
            asking: asking,
            bulk: asking,
            suspects: suspects
        )
        let log = Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        pages = PageService(
            store: store,
            origins: origins,
            blocking: .singleton,
            metrics: registry,
            peers: peers,
            copies: CopyBooks(now: copyClock.now),
            log: log
        )
        handler = WorkerPages(
            pages: pages,
            metadata: MetadataService(origins: origins, now: { 0 }) { _, _ in },
            recorder: ReadReporter(registry: registry),
            capacity: { (1, 0) }
        )
        let identity = PageServerIdentity(cluster: PageRig.cluster, node: node, name: "w\(node)")
        server = try await PageServer.start(
            group: MultiThreadedEventLoopGroup.singleton,
            listening: [.tcp(host: "127.0.0.1", port: 0)],
            identity: { identity },
            handler: handler
        )
        address = server.addresses[0]
        self.node = node
        self.store = store
        background = Self.background(store, peers, pages, pace, reports, log)
    }

    /// Moves and copies pages until cancelled.
    private static func background(
        _ store: PageStore,
        _ peers: PagePeers,
        _ pages: PageService,
        _ pace: PaceBox,
        _ reports: ReportLog,
        _ log: Logger
    ) -> Task<Void, Never> {
        let mover = PageMover(
            store: store,
            peers: peers,
            blocking: .singleton,
            isFilling: { pages.isFilling(before: $0) },
            limits: { pace.limits },
            report: { reports.take($0) },
            log: log
        )
        let copier = PageCopier(
            store: store,
            peers: peers,
            pages: pages,
            blocking: .singleton,
            limits: { pace.limits },
            log: log
        )
        return Task {
            async let copying: Void = copier.run()
            await mover.run()
            await copying
        }
    }

    func stop() async {
        background.cancel()
        await server.stop()
        await client.close()
        await background.value
        _ = await eventually { self.pages.fetching == 0 }
    }

    func counter(_ definition: MetricDefinition, _ labels: String...) -> UInt64 {
        registry.counter(definition, labels: labels).value
    }
}

/// Takes a worker's reports.
final class ReportLog: Sendable {
    private let state = Mutex<(all: [HandoffProgress], refusals: Int)>(([], 0))

    var all: [HandoffProgress] { state.withLock(\.all) }

    /// The next `count` reports are not taken note of.
    func refuse(_ count: Int) { state.withLock { $0.refusals = count } }

    func take(_ progress: HandoffProgress) -> Bool {
        state.withLock { state in
            state.all.append(progress)
            guard state.refusals > 0 else { return true }
            state.refusals -= 1
            return false
        }
    }

    /// The last word on a ring; `nil` before it is said.
    func done(_ epoch: UInt64) -> HandoffProgress? {
        all.last { $0.isDone && $0.epoch == RingEpoch(epoch) }
    }
}

/// How fast a worker's pages may move.
final class PaceBox: Sendable {
    private let state = Mutex(HandoffLimits(bytesPerSecond: 0, streams: 4))

    var limits: HandoffLimits { state.withLock { $0 } }

    func set(_ limits: HandoffLimits) { state.withLock { $0 = limits } }
}

/// Milliseconds that pass by themselves, and at once where a test says so.
final class FleetClock: Sendable {
    private let added = Mutex<UInt64>(0)
    private let start = ContinuousClock.now

    var now: @Sendable () -> UInt64 {
        { [self] in
            UInt64((ContinuousClock.now - start) / .milliseconds(1)) + added.withLock(\.self)
        }
    }

    func putForward(by milliseconds: UInt64) { added.withLock { $0 += milliseconds } }
}

/// The catalog as of some time ago.
final class CatalogLag: Sendable {
    private let state = Mutex<Catalog?>(nil)

    var catalog: Catalog? { state.withLock { $0 } }

    func stay(at catalog: Catalog?) { state.withLock { $0 = catalog } }
}

/// A catalog whose workers and rings are set directly: what a test needs may take many commands.
final class FleetCatalog: Sendable {
    private let state: Mutex<Catalog>

    init(replicas: UInt8) {
        state = Mutex(Catalog())
        setReplicas(replicas)
    }

    func setReplicas(_ replicas: UInt8) {
        let entry = MountEntry(
            path: Fleet.mount,
            mount: Mount(origin: "s3://bucket/p", replicas: replicas),
            origins: [ResolvedOrigin(region: nil, origin: OriginID(1))],
            createRevision: Revision(1),
            modRevision: Revision(1)
        )
        change { _ = $0.mirror("mounts/" + Fleet.mount, .mount(entry)) }
    }

    var catalog: Catalog { state.withLock { $0 } }

    func put(worker number: UInt64, data: String, state: WorkerEntry.State = .active) {
        change { catalog in
            let entry = WorkerEntry(
                id: NodeID(number),
                store: StoreID(UniqueID(high: 7, low: number)),
                name: "w\(number)",
                region: Fleet.region,
                zone: "z\(number)",
                state: state,
                addresses: WorkerAddresses(http: "", s3: nil, data: data, peer: "", socket: nil),
                capacity: 1 << 37,
                version: "",
                startedAtUnixMS: 0,
                modRevision: .zero
            )
            _ = catalog.mirror("workers/w" + ByteString("\(number)"), .worker(entry))
        }
    }

    func setState(_ state: WorkerEntry.State, of number: UInt64) {
        let data = catalog.worker(id: NodeID(number))?.addresses.data ?? ""
        put(worker: number, data: data, state: state)
    }

    func setRing(_ epoch: UInt64, members: [UInt64], previous: [(epoch: UInt64, of: [UInt64])]) {
        change { catalog in
            let entry = RingEntry(
                region: Fleet.region,
                epoch: RingEpoch(epoch),
                members: members.map(Self.member),
                previous: previous.map {
                    RingEntry.PreviousRing(
                        epoch: RingEpoch($0.epoch),
                        members: $0.of.map(Self.member)
                    )
                },
                modRevision: .zero
            )
            _ = catalog.mirror("rings/" + ByteString(Fleet.region), .ring(entry))
        }
    }

    private static func member(_ number: UInt64) -> RingEntry.Member {
        RingEntry.Member(
            id: NodeID(number),
            name: "w\(number)",
            zone: "z\(number)",
            capacity: 1 << 37
        )
    }

    private func change(_ body: (inout Catalog) -> Void) {
        state.withLock { catalog in
            body(&catalog)
            catalog.mirrored(upTo: catalog.revision.next)
        }
    }
}

extension Fleet {
    /// Flips a byte of an object's file behind a worker's back.
    func damage(_ name: ByteString, byteCount: Int, at number: UInt64) throws {
        let object = Fleet.object(name, byteCount: byteCount)
        let directory = scratch.path("cache-\(number)")
        let objects = directory.appending("objects")
        let files = try FileManager.default.subpathsOfDirectory(atPath: objects.string)
            .filter { $0.hasSuffix(".bytes") }
        let content = Fleet.content(of: name, byteCount: byteCount)
        for file in files {
            let path = objects.appending(file).string
            guard let bytes = FileManager.default.contents(atPath: path), Array(bytes) == content
            else { continue }
            let handle = try FileHandle(forUpdating: URL(filePath: path))
            try handle.seek(toOffset: UInt64(byteCount / 2))
            try handle.write(contentsOf: Data([content[byteCount / 2] ^ 1]))
            try handle.close()
            return
        }
        preconditionFailure("\(object.key) is not there to be damaged")
    }
}
