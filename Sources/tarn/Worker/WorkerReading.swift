// SPDX-License-Identifier: Apache-2.0

import AsyncHTTPClient
import CatalogCore
import ClientRuntime
import Coordination
import ElasticCore
import Foundation
import HTTPAPI
import Logging
import NIOPosix
import Origins
import Primitives
import Settings
import Telemetry

/// The client runtime inside a worker: what its HTTP API reads through.
struct WorkerReading {
    let vault: CredentialVault
    let factory: OriginFactory
    let origins: OriginTable
    let metadata: MetadataService
    let recorder: RegistryRecorder
    let files: TarnFileSystem
    let router: ClientRuntime.Router
    let suspects: SuspectList

    init(
        _ settings: WorkerSettings,
        coordination: CoordinationNode,
        asking: LocalAsking,
        client: HTTPClient,
        blocking: NIOThreadPool,
        metrics: MetricRegistry,
        log: Logger
    ) {
        let catalog: @Sendable () -> Catalog = { coordination.view().catalog }
        let environment = ProcessInfo.processInfo.environment
        vault = CredentialVault(
            keyFile: settings.credentialKeyFile,
            environment: environment,
            pool: blocking,
            catalog: catalog
        )
        factory = OriginFactory(
            client: client,
            pool: blocking,
            credentials: CredentialStore(
                files: settings.credentialFiles,
                environment: environment,
                vault: vault
            ),
            fileOrigins: FileOriginPolicy(settings.fileOrigins)
        )
        origins = OriginTable(
            factory: factory,
            region: settings.region,
            catalog: catalog,
            metrics: metrics
        )
        metadata = MetadataService(origins: origins, now: Worker.now) { mount, count in
            if count > 0 { metrics.counter(.listHidden, mount.text).add(UInt64(count)) }
        }
        recorder = RegistryRecorder(registry: metrics)
        router = Router(region: settings.region, catalog: catalog)
        suspects = SuspectList(
            now: Worker.now,
            isDoubted: { coordination.gossip.isDoubted($0) }
        )
        files = TarnFileSystem(
            router: router,
            asking: asking,
            suspects: suspects,
            origins: origins,
            direct: metadata,
            recorder: recorder,
            staleness: { coordination.view().staleness },
            log: log
        )
    }

    /// What looks at the origins themselves.
    func survey(by worker: String, _ neighbours: RegionNeighbours) -> SurveyDependencies {
        SurveyDependencies(
            worker: worker,
            surveyor: OriginSurveyor(origins: origins),
            neighbours: neighbours
        )
    }
}
