// SPDX-License-Identifier: Apache-2.0

import Coordination
import HTTPAPI
import LogStorage
import Logging
import PageTransport
import Primitives
import Settings
import SystemIO
import SystemPackage
import UnixSignals

/// The worker daemon from checked settings to an exit status.
///
/// Exit: 0 ended as asked (SIGTERM, SIGINT), 1 an I/O error, 4 a data directory that is refused or a
/// cluster that refuses this worker; 64 for the configuration has been settled before.
enum WorkerProcess {
    static func run(settings: WorkerSettings) async -> Int32 {
        // From here on the signals are ours: one that comes during the start ends it in order too.
        let signals = await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup)
        defer { withExtendedLifetime(signals) {} }  // Also those that come during the end.
        tuneAllocator()
        let logger = bootstrapLogging(settings.log)
        let frame = WorkerFrame(logger)
        frame.begin(settings.facts)
        let end = await live(settings, signals, logger, frame)
        frame.end(end)
        // Not ending would leave a voter less until somebody looks; the process id stays the same.
        if end.rot != nil { ProcessImage.startAgain() }
        return end.status
    }

    private static func bootstrapLogging(_ settings: WorkerSettings.Log) -> Logger {
        let threshold = StandardErrorLogHandler.Threshold(Logger.Level(settings.level))
        let format = LogFormat(settings.format)
        LoggingSystem.bootstrap(
            { _, provider in
                StandardErrorLogHandler(
                    format: format,
                    threshold: threshold,
                    metadataProvider: provider
                )
            },
            metadataProvider: Logger.MetadataProvider {
                RequestID.current.map { ["request.id": "\($0)"] } ?? [:]
            }
        )
        return Logger(label: "tarn")
    }

    /// Starts, serves until a signal comes, the cluster refuses this worker, or a part of it fails,
    /// and ends in order, within the bound of ``WorkerFrame/bound(_:)``.
    private static func live(
        _ settings: WorkerSettings,
        _ signals: UnixSignalsSequence,
        _ logger: Logger,
        _ frame: WorkerFrame
    ) async -> WorkerEnd {
        await withTaskGroup(of: WorkerEnd.self) { group in
            group.addTask { await waitForSignal(signals, logger, frame) }
            let worker: Worker
            do throws(WorkerFailure) {
                worker = try await Worker(settings: settings, log: logger)
            } catch {
                group.cancelAll()
                return WorkerEnd(error)
            }
            logger.notice("worker started", metadata: worker.facts)
            group.addTask { await worker.run() }
            group.addTask { await worker.refusal() }
            group.addTask { await worker.rotFound() }

            let end = await group.next() ?? WorkerEnd(status: 1, reason: "nothing runs")
            frame.bound(end)
            await worker.finishWork(isLast: end.rot == nil)
            group.cancelAll()
            await worker.shutDown()
            guard let rot = end.rot else { return end }
            do throws(MembershipStoreError) {
                _ = try worker.store.giveUp(
                    rot,
                    atSeconds: SystemClock.wall / 1_000_000_000,
                    makeStore: WorkerBase.makeStore
                )
                return end
            } catch {
                return WorkerEnd(.membership(error))
            }
        }
    }

    private static func waitForSignal(
        _ signals: UnixSignalsSequence,
        _ logger: Logger,
        _ frame: WorkerFrame
    ) async -> WorkerEnd {
        for await signal in signals {
            if signal == .sighup {
                // TLS and secrets are re-read here once there are any.
                logger.notice("SIGHUP: nothing to read again")
                continue
            }
            let end = WorkerEnd(status: 0, reason: signal == .sigterm ? "SIGTERM" : "SIGINT")
            frame.bound(end)  // Already here: the start may be what takes so long.
            return end
        }
        return WorkerEnd(status: 0, reason: "cancelled")
    }
}

extension WorkerSettings {
    /// What the first line of a worker's log says: all that is known before anything was touched.
    fileprivate var facts: Logger.Metadata {
        let directory = FilePath(dataDirectory)
        let cluster = DataDirectory.recordedIdentity(at: directory)?.membership?.cluster
        return [
            "version": "\(BuildFacts.version)",
            "commit": "\(BuildFacts.commit)",
            "worker": "\(name)",
            "cluster": "\(cluster.map(\.description) ?? "none")",
            "region": "\(region)",
            "zone": "\(zone)",
            "data-dir": "\(dataDirectory)",
            "http": "\(listen.http)",
            "pages": "\(listen.data)",
            "peers": "\(listen.peer)",
        ]
    }
}
