// SPDX-License-Identifier: Apache-2.0
package import Codecs
package import ElasticCore
import PageTransport
package import Primitives
import Synchronization
package import Telemetry

/// Counts what this process returned to its readers, and tells a worker about it.
///
/// ```
///   returned ─▶ registry (this process's own metrics)
///          └──▶ sums ── every second, and at the end ─▶ a worker that answers
///                 ▲                                          │
///                 └───────────── nobody answers ─────────────┘
/// ```
///
/// A report is one way. Right before it the worker is asked whether it is there, so that what can get
/// lost is what was under way when a worker died; nothing is ever counted twice.
package final class ReadReporter: ReadRecorder {
    private struct Key: Hashable {
        let mount: ByteString
        let client: ClientKind
        let source: PageSource
    }

    /// Sums kept at most; one for each mount, client and source.
    private static let sumLimit = 10_000
    /// Workers asked in vain before the sums wait for the next second.
    private static let attemptLimit = 3

    private let registry: MetricRegistry
    private let sums = Mutex<[Key: UInt64]>([:])

    package init(registry: MetricRegistry) { self.registry = registry }

    package func returned(
        _ byteCount: Int,
        mount: ByteString,
        client: ClientKind,
        source: PageSource
    ) {
        registry.countReturned(byteCount, mount: mount, client: client, source: source)
        add(UInt64(byteCount), to: Key(mount: mount, client: client, source: source))
    }

    /// Bytes that no worker has been told about yet.
    package var unreported: UInt64 { sums.withLock { $0.values.reduce(0, &+) } }

    /// Tells the first of `workers` that answers everything there is to tell.
    package func flush(to workers: [WorkerTarget], asking: any WorkerAsking) async {
        guard sums.withLock({ !$0.isEmpty }) else { return }
        for worker in workers.prefix(Self.attemptLimit) {
            guard (try? await asking.ask(.ping, of: worker)) == .pong else { continue }
            await report(to: worker, asking: asking)
            if sums.withLock(\.isEmpty) { return }
        }
    }

    private func report(to worker: WorkerTarget, asking: any WorkerAsking) async {
        let taken = sums.withLock { sums in
            defer { sums = [:] }
            return sums
        }
        for (key, byteCount) in taken {
            let report = PageReadReport(
                mount: key.mount,
                client: key.client.wire,
                source: key.source,
                byteCount: byteCount
            )
            if (try? await asking.ask(.report(report), of: worker)) == nil {
                add(byteCount, to: key)
            }
        }
    }

    private func add(_ byteCount: UInt64, to key: Key) {
        sums.withLock { sums in
            guard sums.count < Self.sumLimit || sums[key] != nil else { return }
            sums[key, default: 0] &+= byteCount
        }
    }
}

extension MetricRegistry {
    /// Adds to `tarn_cache_read_bytes_total`.
    package func countReturned(
        _ byteCount: Int,
        mount: ByteString,
        client: ClientKind,
        source: PageSource
    ) {
        counter(.cacheReadBytes, mount.text, client.rawValue, source.label)
            .add(UInt64(max(0, byteCount)))
    }
}

extension ClientKind {
    fileprivate var wire: PageClientKind {
        switch self {
        case .http: .http
        case .s3: .s3
        case .fuse: .fuse
        case .fs: .fs
        }
    }
}

extension PageSource {
    fileprivate var label: String {
        switch self {
        case .local: "local"
        case .peer: "peer"
        case .origin: "origin"
        }
    }
}
