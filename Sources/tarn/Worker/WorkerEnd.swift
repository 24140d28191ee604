// SPDX-License-Identifier: Apache-2.0

import Foundation
import Glibc
import LogStorage
import Logging

/// Why a worker ends, and what its process exits with.
struct WorkerEnd: Sendable {
    let status: Int32
    let reason: String
    /// What the voter's log is given up for; the worker then starts again, as a new store.
    let rot: RecoveryFinding?

    init(status: Int32, reason: String, rot: RecoveryFinding? = nil) {
        self.status = status
        self.reason = reason
        self.rot = rot
    }

    init(_ failure: WorkerFailure) {
        self.init(status: failure.exitStatus, reason: failure.description)
    }
}

/// The first and the last line of a worker's log: written whatever level was asked for.
struct WorkerFrame: Sendable {
    private let log: Logger

    init(_ log: Logger) {
        var log = log
        log.logLevel = min(log.logLevel, .notice)
        self.log = log
    }

    func begin(_ facts: Logger.Metadata) { log.notice("worker starting", metadata: facts) }

    func end(_ end: WorkerEnd) {
        let level: Logger.Level = end.status == 0 ? .notice : .critical
        log.log(level: level, "worker ended", metadata: ["reason": "\(end.reason)"])
    }

    /// An end is promised within 10 s; this leaves room for the exit.
    private static let endLimitSeconds = 9

    /// Ends the process, and says so, if it is still there when an end should long be over.
    ///
    /// What the orderly end saves only makes the next start quicker; everything acknowledged is on the
    /// disk already. Called more than once, the first call counts.
    func bound(_ end: WorkerEnd) {
        // A thread of its own: whatever holds the pools up, a dead file system perhaps, not this.
        Thread.detachNewThread { [self] in
            let limit = Self.endLimitSeconds
            Thread.sleep(forTimeInterval: Double(limit))
            self.end(
                WorkerEnd(
                    status: end.status,
                    reason: "\(end.reason); cut off, as not everything had ended \(limit) s later"
                )
            )
            _exit(end.status)
        }
    }
}
