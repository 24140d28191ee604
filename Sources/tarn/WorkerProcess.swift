// SPDX-License-Identifier: Apache-2.0

import Logging
import Settings

/// The worker daemon from checked settings to an exit status.
///
/// Exit: 0 ended as asked (SIGTERM, SIGINT), 1 an I/O error, 4 a data directory that is refused; 64
/// for the configuration has been settled before.
enum WorkerProcess {
    static func run(settings: WorkerSettings) async -> Int32 {
        let threshold = StandardErrorLogHandler.Threshold(Logger.Level(settings.log.level))
        let format = LogFormat(settings.log.format)
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
        let logger = Logger(label: "tarn")
        logger.notice("worker starting", metadata: settings.facts)
        logger.error("worker ended", metadata: ["reason": "this build serves nothing yet"])
        return 1
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
            "listen.http": "\(listen.http)",
            "listen.data": "\(listen.data)",
            "listen.peer": "\(listen.peer)",
        ]
    }
}
