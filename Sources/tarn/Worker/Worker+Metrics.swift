// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import ClientRuntime
import Codecs
import Coordination
import Origins
import PageStorage
import Primitives
import Settings
import Telemetry

/// Counts what this worker's client runtime gave to readers.
struct RegistryRecorder: ReadRecorder {
    let registry: MetricRegistry

    func returned(
        _ byteCount: Int,
        mount: ByteString,
        client: ClientKind,
        source: PageSource
    ) {
        let source =
            switch source {
            case .local: "local"
            case .peer: "peer"
            case .origin: "origin"
            }
        registry.counter(.cacheReadBytes, mount.text, client.rawValue, source)
            .add(UInt64(clamping: byteCount))
    }
}

extension Worker {
    /// Has gauges computed at each scrape.
    func reportMetrics(
        breakers: @escaping @Sendable () -> [(origin: String, isOpen: Bool)]
    ) {
        metrics.gauge(.buildInfo, BuildFacts.version, BuildFacts.commit).set(1)
        let cache = cache
        metrics.report(.storePages) { [([], Double(cache.load.pages))] }
        metrics.report(.storeBytes) { [([], Double(cache.load.usedBytes))] }
        metrics.report(.storeEvictedBytes) {
            guard let statistics = cache.statistics else { return [] }
            return EvictionReason.allCases.map { reason in
                ([reason.rawValue], Double(statistics.evictedBytes(reason)))
            }
        }
        metrics.report(.originBreakerOpen) {
            breakers().map { ([$0.origin], $0.isOpen ? 1 : 0) }
        }
        let coordination = coordination
        metrics.report(.ringEpoch) {
            coordination.view().catalog.rings.map { ring in
                ([ring.region], Double(ring.epoch.rawValue))
            }
        }
    }
}

extension FileOriginPolicy {
    init(_ settings: WorkerSettings.FileOrigins) {
        switch settings {
        case .any: self = .any
        case .below(let directories): self = .below(directories.map { ByteString($0) })
        }
    }
}

extension WorkerSettings {
    /// The `credentials:` map, name to file.
    var credentialFiles: [String: String] {
        var files: [String: String] = [:]
        for credential in credentials { files[credential.name] = credential.file }
        return files
    }
}
