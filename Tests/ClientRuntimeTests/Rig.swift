// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import ClientRuntime
import Codecs
import ElasticCore
import Logging
import NIOCore
import Origins
import PageTransport
import PlacementCore
import Primitives
import Synchronization
import Telemetry
import TestKit

let pageBytes = Int(PageGeometry.pageByteCount)

/// Milliseconds that pass when a test says so.
final class TestClock: Sendable {
    private let state = Mutex(UInt64(1_000_000))

    var now: @Sendable () -> UInt64 { { self.state.withLock { $0 } } }

    func advance(_ milliseconds: UInt64) { state.withLock { $0 += milliseconds } }
}

/// Workers that answer as a test wants, and what they were asked.
final class FakeWorkers: WorkerAsking {
    typealias Behaviour = @Sendable (PageRequest) -> Result<PageReply, PageClientError>

    private struct State {
        var behaviours: [NodeID: Behaviour] = [:]
        var asked: [(node: NodeID, request: PageRequest)] = []
    }

    private let state = Mutex(State())

    /// A worker that nobody described is dead.
    func set(_ node: NodeID, _ behaviour: @escaping Behaviour) {
        state.withLock { $0.behaviours[node] = behaviour }
    }

    /// What was asked since the last call.
    func takeAsked() -> [(node: NodeID, request: PageRequest)] {
        state.withLock { state in
            defer { state.asked = [] }
            return state.asked
        }
    }

    func isNear(_ worker: WorkerTarget) -> Bool { false }

    func ask(
        _ request: PageRequest,
        of worker: WorkerTarget
    ) async throws(PageClientError) -> PageReply {
        let behaviour = state.withLock { state in
            state.asked.append((worker.node, request))
            return state.behaviours[worker.node]
        }
        guard let behaviour else { throw .unreachable("dead") }
        return try behaviour(request).get()
    }
}

/// Serves an origin for every mount.
struct OneOrigin: OriginSource {
    let origin: any Origin

    func origin(
        for request: OriginRequest,
        observer: @escaping OriginObserver
    ) throws(OriginError) -> any Origin { origin }

    func describeCredentials(of request: OriginRequest) throws(OriginError) -> String { "none" }
}

/// A client runtime over fake workers, an origin in memory and a catalog that a test can change.
final class Rig: Sendable {
    static let region = "ap"

    let clock = TestClock()
    let workers = FakeWorkers()
    let origin = MemoryOrigin()
    let registry = MetricRegistry()
    let metadata: MetadataService
    let suspects: SuspectList
    let router: Router
    let files: TarnFileSystem

    private let table: CatalogBox
    private let age: AgeBox

    /// `mounts`: path to settings; workers w1…, one zone each; `source` instead of ``origin``.
    init(
        workers count: Int = 3,
        mounts: [(ByteString, Mount)] = [("/data/a", Mount(origin: "s3://bucket/p"))],
        source: (any Origin)? = nil,
        overloadPatience: Duration = .seconds(30)
    ) {
        var catalog = Catalog()
        let registrations = (1...max(1, count)).map { number in
            registration("w\(number)", number: UInt64(number))
        }
        catalog.perform(.genesis(clusterEntry, registrations))
        for (path, mount) in mounts {
            catalog.perform(.putMount(path: path, mount, .absent(plain: true)))
        }
        let table = CatalogBox(catalog)
        let age = AgeBox()
        let origins = OriginTable(
            factory: OneOrigin(origin: source ?? origin),
            region: Self.region,
            catalog: { table.catalog },
            metrics: registry
        )
        let registry = registry
        self.table = table
        self.age = age
        suspects = SuspectList(now: clock.now)
        router = Router(region: Self.region) { table.catalog }
        metadata = MetadataService(origins: origins, now: clock.now) { mount, count in
            registry.counter(.listHidden, mount.text).add(UInt64(count))
        }
        files = TarnFileSystem(
            router: router,
            asking: workers,
            suspects: suspects,
            origins: origins,
            direct: metadata,
            recorder: ReadReporter(registry: registry),
            staleness: { age.value },
            overloadPatience: overloadPatience,
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
    }

    func setStaleness(_ age: Timespan?) { self.age.set(age) }

    func change(_ body: @Sendable (inout Catalog) -> Void) { table.change(body) }

    var catalog: Catalog { table.catalog }

    /// Owners of a unit of `/data/a`'s `key`, in order.
    func owners(of key: ByteString, unit: UInt32 = 0) -> [NodeID] {
        guard let resolution = catalog.resolve("/data/a/" + key, region: Self.region) else {
            return []
        }
        let placement = PlacementKey(origin: resolution.originID, key: resolution.key, unit: unit)
        return router.owners(of: placement, replicas: 1).workers.map(\.node)
    }

    /// A file of `/data/a`, stored at the origin, with bytes that differ from place to place.
    func file(_ name: ByteString, byteCount: Int) -> (FileReference, [UInt8]) {
        let bytes = content(of: name, count: byteCount)
        origin.put("p/" + name, bytes)
        let reference = FileReference(
            path: "/data/a/" + name,
            size: UInt64(byteCount),
            modifiedUnixNS: 1_000,
            version: "v1"
        )
        return (reference, bytes)
    }

    /// Lets a worker serve pages of an object.
    func serve(_ bytes: [UInt8], at node: NodeID, source: PageSource = .local) {
        workers.set(node) { request in
            guard case .read(let read) = request else { return .success(.pong) }
            let start = Int(read.page) * pageBytes
            let slice = bytes[
                start + Int(read.range.lowerBound)..<start + Int(read.range.upperBound)
            ]
            return .success(.page(ByteBuffer(bytes: slice), checksum: 0, source: source))
        }
    }

    func counter(_ definition: MetricDefinition, _ labels: [String]) -> UInt64 {
        registry.counter(definition, labels: labels).value
    }
}

final class CatalogBox: Sendable {
    private let state: Mutex<Catalog>

    init(_ catalog: Catalog) { state = Mutex(catalog) }

    var catalog: Catalog { state.withLock { $0 } }

    func change(_ body: (inout Catalog) -> Void) { state.withLock { body(&$0) } }
}

final class AgeBox: Sendable {
    private let state = Mutex<Timespan?>(nil)

    var value: Timespan? { state.withLock { $0 } }

    func set(_ age: Timespan?) { state.withLock { $0 = age } }
}

let clusterEntry = ClusterEntry(
    id: ClusterID(UniqueID(high: 9, low: 1)),
    generation: 1,
    survival: .zone,
    timing: .lan,
    featureLevel: 1,
    voters: [NodeID(1)]
)

func registration(
    _ name: String,
    number: UInt64,
    region: String = Rig.region,
    http: String = "127.0.0.1:1"
) -> WorkerRegistration {
    WorkerRegistration(
        store: StoreID(UniqueID(high: 7, low: number)),
        name: name,
        region: region,
        zone: "z\(number)",
        addresses: WorkerAddresses(
            http: http,
            s3: nil,
            data: "127.0.0.1:\(number)",
            peer: "127.0.0.1:\(number + 100)",
            socket: "/run/tarn/\(name).sock"
        ),
        capacity: 1 << 30,
        version: "0.1.0",
        startedAtUnixMS: 1_000
    )
}

extension Catalog {
    @discardableResult
    mutating func perform(_ operation: CatalogCommand.Operation) -> Application {
        apply(CatalogCommand(operation: operation, idempotency: nil))
    }
}

extension Catalog {
    /// Registers a worker and lets it into its region's ring.
    mutating func admit(_ registration: WorkerRegistration) {
        let application = perform(.register(registration))
        guard case .worker(let worker) = application.outcome, worker.state == .joining else {
            return
        }
        perform(.activate(worker.id))
        perform(.ring(.publish(region: worker.region)))
    }
}

/// Bytes that differ from key to key and from place to place.
///
/// Made by the page where there is more: a debug build takes a second for every five of them.
func content(of key: ByteString, count: Int) -> [UInt8] {
    var random = SplitMix64(seed: XXH64.hash(key.bytes))
    var block: [UInt8] = []
    for _ in 0..<4_099 { block.append(UInt8(truncatingIfNeeded: random.next())) }  // A prime.
    var bytes: [UInt8] = []
    bytes.reserveCapacity(count + block.count)
    while bytes.count < count { bytes += block }
    return Array(bytes[..<count])
}

/// Waits for a fact, at most ten seconds.
func eventually(_ fact: () async -> Bool) async -> Bool {
    for _ in 0..<2_000 {
        if await fact() { return true }
        try? await Task.sleep(for: .milliseconds(5))
    }
    return await fact()
}
