// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import ClientRuntime
import Codecs
import ElasticCore
import Logging
import NIOCore
import NIOPosix
import Origins
import PageStorage
import PageTransport
import PlacementCore
import Primitives
import Telemetry
import TestKit
import WorkerRuntime

let pageBytes = Int(PageGeometry.pageByteCount)

/// Serves an origin for every mount.
struct OneOrigin: OriginSource {
    let origin: MemoryOrigin

    func origin(
        for request: OriginRequest,
        observer: @escaping OriginObserver
    ) throws(OriginError) -> any Origin { origin }

    func describeCredentials(of request: OriginRequest) throws(OriginError) -> String { "none" }
}

/// The other workers of a region that has none.
struct Nobody: WorkerAsking {
    func isNear(_ worker: WorkerTarget) -> Bool { false }

    func ask(
        _ request: PageRequest,
        of worker: WorkerTarget
    ) async throws(PageClientError) -> PageReply { throw .unreachable("nobody is there") }
}

/// One worker's pages: a real store in a directory of its own, an origin that counts.
final class PageRig: Sendable {
    static let cluster = ClusterID(UniqueID(high: 9, low: 1))

    let origin: MemoryOrigin
    let store: PageStore
    let registry = MetricRegistry()
    let pages: PageService
    let worker: WorkerPages
    private let scratch: ScratchDirectory

    init(
        mebibytes: UInt64 = 256,
        origin: MemoryOrigin = MemoryOrigin(),
        scratch: ScratchDirectory? = nil,
        blocking: NIOThreadPool = .singleton,
        isFiller: Bool = true
    ) throws {
        self.origin = origin
        let scratch = try scratch ?? ScratchDirectory()
        self.scratch = scratch
        store = try PageStore.open(
            disks: [
                PageDiskConfiguration(
                    directory: scratch.path("cache"),
                    capacity: .mebibytes(mebibytes),
                    openFileLimit: 8
                )
            ],
            cluster: Self.cluster
        )
        let catalog = Self.catalog
        let origins = OriginTable(
            factory: OneOrigin(origin: origin),
            region: "ap",
            catalog: { catalog },
            metrics: registry
        )
        pages = PageService(
            store: store,
            origins: origins,
            blocking: blocking,
            metrics: registry,
            peers: PagePeers(
                me: isFiller ? NodeID(1) : NodeID(99),
                router: Router(region: "ap") { catalog },
                asking: Nobody(),
                bulk: Nobody(),
                suspects: SuspectList(now: { 0 })
            ),
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        worker = WorkerPages(
            pages: pages,
            metadata: MetadataService(origins: origins, now: { 0 }) { _, _ in },
            recorder: ReadReporter(registry: registry),
            capacity: { (1, 0) }
        )
    }

    private static let catalog: Catalog = {
        var catalog = Catalog()
        let genesis = ClusterEntry(
            id: cluster,
            generation: 1,
            survival: .zone,
            timing: .lan,
            featureLevel: 1,
            voters: [NodeID(1)]
        )
        let worker = WorkerRegistration(
            store: StoreID(UniqueID(high: 7, low: 1)),
            name: "w1",
            region: "ap",
            zone: "a",
            addresses: WorkerAddresses(http: "h:1", s3: nil, data: "h:2", peer: "h:3", socket: nil),
            capacity: 1 << 30,
            version: "0.1.0",
            startedAtUnixMS: 0
        )
        let mount = Mount(origin: "s3://bucket/p")
        for operation in [
            .genesis(genesis, [worker]), .putMount(path: "/data/a", mount, .any),
        ] as [CatalogCommand.Operation] {
            _ = catalog.apply(CatalogCommand(operation: operation, idempotency: nil))
        }
        return catalog
    }()

    func request(
        _ key: ByteString,
        byteCount: Int,
        page: UInt32,
        range: Range<UInt32>? = nil,
        mode: PageReadRequest.Mode = .read,
        readAhead: UInt64 = 0,
        mount: ByteString = "/data/a"
    ) -> PageReadRequest {
        let whole = PageGeometry(byteCount: UInt64(byteCount))?.byteCount(ofPage: page) ?? 0
        return PageReadRequest(
            mode: mode,
            epoch: .zero,
            region: "ap",
            mount: mount,
            origin: OriginID(1),
            key: "p/" + key,
            version: "v1",
            objectByteCount: UInt64(byteCount),
            modifiedUnixNS: 1_000,
            page: page,
            range: range ?? 0..<UInt32(whole),
            readAhead: readAhead
        )
    }

    func object(_ key: ByteString, byteCount: Int) -> ObjectIdentity {
        ObjectIdentity(
            origin: OriginID(1),
            key: "p/" + key,
            version: "v1",
            byteCount: UInt64(byteCount)
        )
    }

    /// Stores an object at the origin.
    func put(_ key: ByteString, byteCount: Int) -> [UInt8] {
        var random = SplitMix64(seed: XXH64.hash(key.bytes))
        var block: [UInt8] = []
        for _ in 0..<4_099 { block.append(UInt8(truncatingIfNeeded: random.next())) }  // A prime.
        var bytes: [UInt8] = []
        bytes.reserveCapacity(byteCount + block.count)
        while bytes.count < byteCount { bytes += block }
        bytes.removeLast(bytes.count - byteCount)
        origin.put("p/" + key, bytes)
        return bytes
    }
}

extension PageReply {
    /// The bytes of a page whose checksum is right.
    var bytes: [UInt8]? {
        guard case .page(let bytes, let checksum, _, _) = self else { return nil }
        let array = bytes.getBytes(at: bytes.readerIndex, length: bytes.readableBytes) ?? []
        return CRC32C.checksum(array) == checksum ? array : nil
    }
}

/// Waits for a fact, at most ten seconds.
func eventually(_ fact: () async -> Bool) async -> Bool {
    for _ in 0..<2_000 {
        if await fact() { return true }
        try? await Task.sleep(for: .milliseconds(5))
    }
    return await fact()
}
