// SPDX-License-Identifier: Apache-2.0

import Coordination
import Logging
import PageTransport
import Primitives
import Settings
import UnixSignals

/// The worker daemon from checked settings to an exit status.
///
/// Exit: 0 ended as asked (SIGTERM, SIGINT), 1 an I/O error, 4 a data directory that is refused or a
/// cluster that refuses this worker; 64 for the configuration has been settled before.
enum WorkerProcess {
    static func run(settings: WorkerSettings) async -> Int32 {
        tuneAllocator()
        let logger = bootstrapLogging(settings.log)
        let worker: Worker
        do throws(WorkerFailure) {
            worker = try await Worker(settings: settings, log: logger)
        } catch {
            logger.critical("worker ended", metadata: ["reason": "\(error)"])
            return error.exitStatus
        }
        logger.notice("worker started", metadata: settings.facts.merging(worker.facts) { $1 })
        let end = await serve(worker, logger)
        await worker.shutDown()
        let level: Logger.Level = end.status == 0 ? .notice : .critical
        logger.log(level: level, "worker ended", metadata: ["reason": "\(end.reason)"])
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
            metadataProvider: nil
        )
        return Logger(label: "tarn")
    }

    /// Serves until a signal comes, the cluster refuses this worker, or a part of it fails.
    private static func serve(
        _ worker: Worker,
        _ logger: Logger
    ) async -> (status: Int32, reason: String) {
        await withTaskGroup(of: (status: Int32, reason: String).self) { group in
            group.addTask { await waitForSignal(logger) }
            group.addTask { await worker.run() }
            group.addTask { await worker.refusal() }
            defer { group.cancelAll() }
            return await group.next() ?? (1, "nothing runs")
        }
    }

    private static func waitForSignal(_ logger: Logger) async -> (status: Int32, reason: String) {
        for await signal in await UnixSignalsSequence(trapping: .sigterm, .sigint, .sighup) {
            if signal == .sighup {
                // TLS and secrets are re-read here once there are any.
                logger.notice("SIGHUP: nothing to read again")
                continue
            }
            return (0, signal == .sigterm ? "SIGTERM" : "SIGINT")
        }
        return (0, "cancelled")
    }
}

extension WorkerSettings {
    /// What the first line of a worker's log says, besides its cluster.
    var facts: Logger.Metadata {
        [
            "version": "\(BuildFacts.version)",
            "commit": "\(BuildFacts.commit)",
            "worker": "\(name)",
            "region": "\(region)",
            "zone": "\(zone)",
            "data-dir": "\(dataDirectory)",
        ]
    }
}
