// SPDX-License-Identifier: Apache-2.0
package import AsyncHTTPClient
import CatalogCore
import ElasticCore
import Foundation
package import Logging
package import NIOCore
import NIOHTTP1
package import NIOPosix
import Origins
import PageTransport
package import Primitives
package import Telemetry

/// The client runtime of a process that is no worker, put together: `tarn fuse`.
///
/// ```
///   HTTP watch ─▶ RemoteCatalog ─▶ TarnFileSystem ─▶ owners (page protocol) ─▶ origins
///                                       └─▶ ReadReporter ─▶ a worker, every second
/// ```
///
/// Origins are read with this process's own credentials, and only when no owner answers. `file://`
/// origins never: a directory of that name on this host may be another one, or empty.
package final class RemoteClient: Sendable {
    /// Whom to connect to, and as whom.
    package struct Settings: Sendable {
        /// `host:port` of workers' HTTP API, at least one.
        package let addresses: [String]
        /// `nil`: that of the worker that answers.
        package let region: String?
        /// Who is asking, for the workers' logs.
        package let name: String
        /// How long a first catalog may take to come.
        package let patience: Duration
        /// Of this process; only `AWS_…` and `HOME` are looked at.
        package let environment: [String: String]

        package init(
            addresses: [String],
            region: String?,
            name: String,
            patience: Duration,
            environment: [String: String]
        ) {
            self.addresses = addresses
            self.region = region
            self.name = name
            self.patience = patience
            self.environment = environment
        }
    }

    /// What the rest of the process owns; nothing of it is shut down here.
    package struct Resources: Sendable {
        /// Made with ``OriginHTTPClient/configuration(connect:idle:connectionsPerHost:)``.
        package let http: HTTPClient
        package let group: any EventLoopGroup
        /// Runs file calls; started.
        package let pool: NIOThreadPool
        package let metrics: MetricRegistry
        package let log: Logger

        package init(
            http: HTTPClient,
            group: any EventLoopGroup,
            pool: NIOThreadPool,
            metrics: MetricRegistry,
            log: Logger
        ) {
            self.http = http
            self.group = group
            self.pool = pool
            self.metrics = metrics
            self.log = log
        }
    }

    /// The cluster's files, and where their bytes are.
    package let files: any FileSystemClient & PageLocator
    /// Whose ring and origins are used.
    package let region: String
    package let cluster: ClusterID
    /// The replica under it all.
    package let catalog: RemoteCatalog
    /// What no worker has been told about yet.
    package let reporter: ReadReporter

    private let pages: PageClient
    private let asking: RemoteAsking
    private let router: Router
    private let suspects: SuspectList
    private let following: Task<Void, Never>
    private let reporting: Task<Void, Never>

    /// Waits for a first catalog and puts the runtime together; ``shutdown()`` ends it.
    ///
    /// - Throws: ``RemoteClientError`` after `patience`, or at once for a region that is none.
    package static func connect(
        _ settings: Settings,
        _ resources: Resources
    ) async throws(RemoteClientError) -> RemoteClient {
        let catalog = RemoteCatalog(
            addresses: settings.addresses,
            region: settings.region,
            http: resources.http,
            now: monotonicMS,
            log: resources.log
        )
        // A task of its own: it lives as long as the client, which ends it in `shutdown`.
        let following = Task { await catalog.run() }
        do throws(RemoteClientError) {
            try await catalog.waitUntilLoaded(within: settings.patience)
            let region = try await region(settings.region, catalog, resources.http)
            guard let cluster = catalog.catalog.cluster?.id else {
                throw .notInitialised(address: catalog.servedBy ?? settings.addresses[0])
            }
            return RemoteClient(settings, resources, catalog, region, cluster, following)
        } catch {
            following.cancel()
            await following.value
            throw error
        }
    }

    private init(
        _ settings: Settings,
        _ resources: Resources,
        _ catalog: RemoteCatalog,
        _ region: String,
        _ cluster: ClusterID,
        _ following: Task<Void, Never>
    ) {
        let source: @Sendable () -> Catalog = { catalog.catalog }
        let origins = OriginTable(
            factory: OriginFactory(
                client: resources.http,
                pool: resources.pool,
                credentials: CredentialStore(files: [:], environment: settings.environment),
                fileOrigins: .below([])
            ),
            region: region,
            catalog: source,
            metrics: resources.metrics
        )
        let metrics = resources.metrics
        let metadata = MetadataService(origins: origins, now: Self.monotonicMS) { mount, count in
            if count > 0 { metrics.counter(.listHidden, mount.text).add(UInt64(count)) }
        }
        let pages = PageClient(group: resources.group, cluster: cluster, name: settings.name)
        let asking = RemoteAsking(client: pages, isReachable: Self.isSocket)
        let router = Router(region: region, catalog: source)
        let suspects = SuspectList(now: Self.monotonicMS)
        let reporter = ReadReporter(registry: resources.metrics)

        self.region = region
        self.cluster = cluster
        self.catalog = catalog
        self.reporter = reporter
        self.pages = pages
        self.asking = asking
        self.router = router
        self.suspects = suspects
        self.following = following
        files = TarnFileSystem(
            router: router,
            asking: asking,
            suspects: suspects,
            origins: origins,
            direct: metadata,
            recorder: reporter,
            staleness: { catalog.staleness },
            log: resources.log
        )
        // A task of its own: it lives as long as the client, which ends it in `shutdown`.
        reporting = Task {
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(1))
                await Self.flush(reporter, router, suspects, asking)
            }
        }
    }

    /// Reports what is left, then ends every task and connection; the catalog stays as it is.
    package func shutdown() async {
        reporting.cancel()
        await reporting.value
        await Self.flush(reporter, router, suspects, asking)
        following.cancel()
        await following.value
        await pages.close()
    }

    // MARK: - Parts

    /// To the nearest worker that answers: one on this host, then any that nobody doubts.
    private static func flush(
        _ reporter: ReadReporter,
        _ router: Router,
        _ suspects: SuspectList,
        _ asking: RemoteAsking
    ) async {
        let workers = suspects.ordered(router.workers)
        let near = workers.filter(asking.isNear)
        await reporter.flush(to: near + workers.filter { !near.contains($0) }, asking: asking)
    }

    /// The region asked for if there is such a one, else that of the worker that answered.
    private static func region(
        _ wanted: String?,
        _ catalog: RemoteCatalog,
        _ http: HTTPClient
    ) async throws(RemoteClientError) -> String {
        let workers = catalog.catalog.workers.filter { $0.state != .removed }
        let known = Set(workers.map(\.region)).sorted()
        if let wanted {
            guard known.contains(wanted) else { throw .unknownRegion(wanted, known: known) }
            return wanted
        }
        guard let address = catalog.servedBy else { throw .unknownRegion("", known: known) }
        if let own = workers.first(where: { $0.addresses.http == address }) { return own.region }
        guard let own = await ownRegion(of: address, http), known.contains(own) else {
            throw .unknownRegion("", known: known)
        }
        return own
    }

    /// What a worker takes for its region when it is asked for none.
    private static func ownRegion(of address: String, _ http: HTTPClient) async -> String? {
        struct RegionOnly: Decodable { let region: String }

        let request = HTTPClientRequest(url: "http://\(address)/v1/ring?consistency=local")
        guard let response = try? await http.execute(request, timeout: .seconds(5)),
            response.status == .ok,
            let body = try? await response.body.collect(upTo: 64 << 20)
        else { return nil }
        return try? JSONDecoder().decode(RegionOnly.self, from: Data(body.readableBytesView)).region
    }

    /// A socket's file; one whose worker is gone is noticed at the first call.
    private static let isSocket: @Sendable (String) -> Bool = { path in
        let attributes = try? FileManager.default.attributesOfItem(atPath: path)
        return attributes?[.type] as? FileAttributeType == .typeSocket
    }

    private static let started = ContinuousClock.now

    private static let monotonicMS: @Sendable () -> UInt64 = {
        UInt64((ContinuousClock.now - started) / .milliseconds(1))
    }
}
