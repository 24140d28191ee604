// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import CatalogCore
import ClientRuntime
import Codecs
import Coordination
import Foundation
import HTTPAPI
import LogStorage
import Logging
import NIOCore
import NIOPosix
import Origins
import PageStorage
import PageTransport
import PeerTransport
import Primitives
import Settings
import Synchronization
import SystemIO
import SystemPackage
import Telemetry
import WorkerRuntime

/// One worker: everything it is made of, put together.
///
/// ```
///   HTTP :7400 ─▶ HTTPAPI ─┬─▶ CoordinationNode ◀─▶ peers :7403
///                          └─▶ TarnFileSystem ─▶ LocalAsking ─┬─▶ WorkerPages ◀── pages :7402
///                                                             └─▶ other workers
/// ```
///
/// Ports are bound first, so that the addresses it registers are those it listens on; the cache is
/// opened when it has joined, because cache directories carry the cluster.
final class Worker: Sendable {
    let settings: WorkerSettings
    let log: Logger
    let group: MultiThreadedEventLoopGroup
    let blocking: NIOThreadPool
    let originClient: HTTPClient
    let metrics = MetricRegistry()
    let coordination: CoordinationNode
    let files: TarnFileSystem
    let origins: OriginTable
    let metadata: MetadataService
    let recorder: RegistryRecorder
    let asking = LocalAsking()
    let pagesDoor: PagesDoor
    let peerServer: PeerServer
    let peerClient: PeerClient
    let pageServer: PageServer
    let httpServer: HTTPServer
    let store: MembershipStore
    let cache: CacheBox

    init(settings: WorkerSettings, log: Logger) async throws(WorkerFailure) {
        self.settings = settings
        self.log = log
        group = MultiThreadedEventLoopGroup(numberOfThreads: max(2, System.coreCount))
        blocking = NIOThreadPool(numberOfThreads: 8)
        blocking.start()
        let base = try WorkerBase(settings, group: group, metrics: metrics, log: log)
        store = base.store
        coordination = base.coordination
        peerClient = base.peerClient
        cache = base.cache

        originClient = HTTPClient(
            eventLoopGroupProvider: .shared(group),
            configuration: OriginHTTPClient.configuration()
        )
        let coordination = coordination
        let reading = WorkerReading(
            settings,
            coordination: coordination,
            asking: asking,
            client: originClient,
            blocking: blocking,
            metrics: metrics,
            log: log
        )
        origins = reading.origins
        metadata = reading.metadata
        recorder = reading.recorder
        files = reading.files
        let door = PagesDoor()
        pagesDoor = door
        let ports = try await WorkerPorts.bind(
            settings,
            group: group,
            store: store.store,
            peers: base.door,
            pages: door,
            identity: {
                coordination.joined.map {
                    PageServerIdentity(cluster: $0.cluster, node: $0.node, name: settings.name)
                }
            },
            http: HTTPDependencies(
                coordination: coordination,
                files: files,
                locator: files,
                probe: origins,
                metrics: metrics,
                logger: log,
                region: settings.region,
                version: BuildFacts.version
            )
        )
        peerServer = ports.peers
        pageServer = ports.pages
        httpServer = ports.http
        coordination.listening(at: ports.addresses(settings))
        reportMetrics()
        do throws(MembershipStoreError) {
            try coordination.start()
        } catch {
            throw .membership(error)
        }
    }

    static let now: @Sendable () -> UInt64 = { SystemClock.monotonic / 1_000_000 }

    /// What the first log line says beyond the settings.
    var facts: Logger.Metadata {
        [
            "cluster": "\(store.cluster.map(\.description) ?? "none")",
            "store": "\(store.store)",
            "http": "\(settings.listen.http.host):\(httpServer.port)",
            "pages": "\(pageServer.addresses.map(\.description).joined(separator: ","))",
            "peers": "\(peerServer.localAddress.map { "\($0)" } ?? "none")",
        ]
    }

    // MARK: - Life

    /// Serves until cancelled, or until the cache cannot be opened.
    func run() async -> (status: Int32, reason: String) {
        await withTaskGroup(of: (status: Int32, reason: String)?.self) { group in
            group.addTask {
                await self.coordination.run()
                return nil
            }
            group.addTask {
                await self.httpServer.run()
                return nil
            }
            group.addTask { await self.openCache() }
            group.addTask {
                await self.announceReadiness()
                return nil
            }
            for await failure in group {
                guard let failure else { continue }
                group.cancelAll()
                return failure
            }
            return (0, "stopped")
        }
    }

    /// Waits until the cluster refuses this worker for good.
    func refusal() async -> (status: Int32, reason: String) {
        while !Task.isCancelled {
            if let reason = await coordination.refusal(within: .seconds(3600)) {
                return (4, reason)
            }
        }
        return (0, "cancelled")
    }

    /// Takes no new work, hands leadership over, flushes, closes.
    func shutDown() async {
        SystemdNotifier.notify("STOPPING=1")
        httpServer.shutDown()
        pagesDoor.close()
        await coordination.shutDown()
        await pageServer.stop()
        await peerServer.shutDown()
        peerClient.shutDown()
        try? await originClient.shutdown()
    }

    /// Tells systemd and the log when this worker is ready for the first time.
    private func announceReadiness() async {
        guard await coordination.untilJoined() != nil else { return }
        while coordination.readiness() != .ready {
            guard (try? await Task.sleep(for: .milliseconds(50))) != nil else { return }
        }
        log.notice("worker ready")
        SystemdNotifier.notify("READY=1")
    }

    /// Opens the cache once this worker has a cluster, and the doors to it.
    private func openCache() async -> (status: Int32, reason: String)? {
        guard let (cluster, node) = await coordination.untilJoined() else { return nil }
        peerServer.announce()  // Whoever connected before still takes it for fresh.
        let client = PageClient(group: group, cluster: cluster, name: settings.name)
        asking.open(
            me: node,
            door: pagesDoor,
            remote: RemoteAsking(client: client) { _ in false }
        )
        guard let opened = await openStore(cluster) else { return nil }
        do throws(PageStoreError) {
            let pageStore = try opened.get()
            cache.open(pageStore)
            pagesDoor.open(makePages(pageStore))
            log.notice(
                "cache open",
                metadata: ["store.pages": "\(pageStore.statistics.pageCount)"]
            )
            return nil
        } catch {
            let failure = WorkerFailure.cache(error)
            return (failure.exitStatus, failure.description)
        }
    }

    /// Opens the store on a thread of its own, for it reads every index first; `nil` when cancelled.
    ///
    /// A worker that is told to end does not wait for it: it has changed nothing that a crash may not
    /// leave behind as well.
    private func openStore(_ cluster: ClusterID) async -> Result<PageStore, PageStoreError>? {
        let disks = settings.cache.map {
            PageDiskConfiguration(directory: FilePath($0.path), capacity: $0.capacity)
        }
        let (results, continuation) = AsyncStream.makeStream(
            of: Result<PageStore, PageStoreError>.self
        )
        Thread.detachNewThread {
            do throws(PageStoreError) {
                continuation.yield(.success(try PageStore.open(disks: disks, cluster: cluster)))
            } catch {
                continuation.yield(.failure(error))
            }
            continuation.finish()
        }
        for await result in results { return result }
        return nil
    }

    private func makePages(_ pageStore: PageStore) -> WorkerPages {
        let router = Router(region: settings.region) { [coordination] in
            coordination.view().catalog
        }
        let service = PageService(
            store: pageStore,
            origins: origins,
            blocking: blocking,
            metrics: metrics,
            isFiller: { [coordination] request in
                router.owners(of: request.placement, replicas: 1).workers.first?.node
                    == coordination.joined?.node
            },
            log: log
        )
        return WorkerPages(
            pages: service,
            metadata: metadata,
            recorder: recorder,
            capacity: {
                let statistics = pageStore.statistics
                return (statistics.capacity, statistics.allocated)
            }
        )
    }
}
