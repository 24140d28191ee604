// SPDX-License-Identifier: Apache-2.0

import APIModel
import Foundation
import Logging
import Settings
import Synchronization

/// Sends events to standard error, one `write` a line, so that lines of two threads never mix.
struct StandardErrorLogHandler: LogHandler {
    /// The level of every logger that was not given one of its own; may change at any time.
    final class Threshold: Sendable {
        private let severity: Atomic<Int>

        init(_ level: Logger.Level) { severity = Atomic(Self.index(level)) }

        var level: Logger.Level {
            get { Logger.Level.allCases[severity.load(ordering: .relaxed)] }
            set { severity.store(Self.index(newValue), ordering: .relaxed) }
        }

        /// `allCases` is in the order of importance.
        private static func index(_ level: Logger.Level) -> Int {
            Logger.Level.allCases.firstIndex(of: level) ?? 0
        }
    }

    let format: LogFormat
    let threshold: Threshold
    var metadata: Logger.Metadata = [:]
    var metadataProvider: Logger.MetadataProvider?
    private var ownLevel: Logger.Level?

    init(format: LogFormat, threshold: Threshold, metadataProvider: Logger.MetadataProvider? = nil)
    {
        self.format = format
        self.threshold = threshold
        self.metadataProvider = metadataProvider
    }

    var logLevel: Logger.Level {
        get { ownLevel ?? threshold.level }
        set { ownLevel = newValue }
    }

    subscript(metadataKey key: String) -> Logger.MetadataValue? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var facts = metadataProvider?.get() ?? [:]
        facts.merge(metadata) { $1 }
        if let own = event.metadata { facts.merge(own) { $1 } }
        if let error = event.error { facts["error"] = "\(error)" }
        let milliseconds = Int64((Date().timeIntervalSince1970 * 1000).rounded(.down))
        Terminal.writeError(
            format.line(
                time: Timestamp(unixMilliseconds: milliseconds),
                level: event.level,
                message: event.message.description,
                facts: facts
            )
        )
    }
}

extension LogFormat {
    /// As configured, else text for a person and json for a program.
    init(_ configured: WorkerSettings.Log.Format?, isTerminal: Bool = Terminal.isErrorTerminal) {
        switch configured {
        case .text: self = .text
        case .json: self = .json
        case nil: self = isTerminal ? .text : .json
        }
    }
}

extension Logger.Level {
    init(_ level: WorkerSettings.Log.Level) {
        switch level {
        case .trace: self = .trace
        case .debug: self = .debug
        case .info: self = .info
        case .notice: self = .notice
        case .warning: self = .warning
        case .error: self = .error
        case .critical: self = .critical
        }
    }
}
