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
    /// One loop for consensus and every connection between workers: a message from a peer is
    /// answered on the thread that read it, and waits for nobody's request.
    let peerGroup = MultiThreadedEventLoopGroup(numberOfThreads: 1)
    /// For the page store alone: what is cached never waits for an origin.
    let blocking: NIOThreadPool
    /// For `file://` origins and credential files, which may hang; four hung directories fill it.
    let originFiles: NIOThreadPool
    let originClient: HTTPClient
    /// For requests that are another region's to answer.
    let neighbours: RegionNeighbours
    let metrics = MetricRegistry()
    let coordination: CoordinationNode
    let reading: WorkerReading
    let asking = LocalAsking()
    let pagesDoor: PagesDoor
    let peerServer: PeerServer
    let gossipSocket: DatagramSocket
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
        originFiles = NIOThreadPool(numberOfThreads: 32)
        originFiles.start()
        let base = try WorkerBase(settings, peers: peerGroup.any(), metrics: metrics, log: log)
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
            blocking: originFiles,
            metrics: metrics,
            log: log
        )
        self.reading = reading
        neighbours = RegionNeighbours(coordination: coordination)
        let door = PagesDoor()
        pagesDoor = door
        let ports = try await WorkerPorts.bind(
            settings,
            group: group,
            peerGroup: peerGroup,
            store: store.store,
            peers: base.door,
            pages: door,
            identity: { coordination.pageIdentity(named: settings.name) },
            http: HTTPDependencies(
                coordination: coordination,
                files: reading.files,
                locator: reading.files,
                probe: reading.origins,
                vault: reading.vault,
                survey: reading.survey(by: settings.name, neighbours),
                metrics: metrics,
                logger: log,
                region: settings.region,
                version: BuildFacts.version
            )
        )
        peerServer = ports.peers
        gossipSocket = ports.gossip
        coordination.listen(on: gossipSocket)
        pageServer = ports.pages
        httpServer = ports.http
        coordination.listening(at: ports.addresses(settings))
        reportMetrics(breakers: { [factory = reading.factory] in factory.breakers })
        if let twin = await coordination.twin() { throw .refused(twin) }
        if let end = await coordination.superseded() { throw .refused(end) }
        do throws(MembershipStoreError) {
            try coordination.start()
        } catch {
            throw .membership(error)
        }
    }

    static let now: @Sendable () -> UInt64 = { SystemClock.monotonic / 1_000_000 }

    /// Where it really listens, and who it is: what a log line says once everything is bound.
    var facts: Logger.Metadata {
        [
            "cluster": "\(store.cluster.map(\.description) ?? "none")",
            "store": "\(store.store)",
            "http": "\(settings.listen.http.host):\(httpServer.port)",
            "pages": "\(pageServer.addresses.map(\.description).joined(separator: ","))",
            "peers": "\(settings.listen.peer.host):\(peerServer.localAddress?.port ?? 0)",
        ]
    }
}

extension CoordinationNode {
    /// Who this worker is for clients of its pages; `nil` before it has joined.
    fileprivate func pageIdentity(named name: String) -> PageServerIdentity? {
        joined.map {
            PageServerIdentity(
                cluster: $0.cluster,
                node: $0.node,
                name: name,
                ancestors: lineage ?? []
            )
        }
    }
}
