// SPDX-License-Identifier: Apache-2.0
import Foundation
package import LogStorage
import Primitives
package import RaftCore
import Synchronization

/// The one thread that touches the log's files.
///
/// ```
///   driver ──write──▶ │ mailbox │ ──▶ everything waiting, one fdatasync ──▶ .persisted(last)
/// ```
///
/// While a write runs the next batch gathers: group commit that adapts to the disk without a timer.
/// A disk that fails ends the process at once: pages that could not be written are marked clean by
/// the kernel, so a second try would lie.
package final class LogWriter: Sendable {
    package enum Job: Sendable {
        case write(LogWrite)
        /// The state at `position`, encoded on this thread; the log before it may go afterwards.
        case saveSnapshot(LogPosition, VoterSet, encode: @Sendable () -> [UInt8]?)
        /// A leader's snapshot, which replaces everything here.
        case installSnapshot(SnapshotMetadata, state: [UInt8])
    }

    /// What the driver is told.
    package enum Completion: Sendable {
        case persisted(WriteSequence, seconds: Double)
        case snapshotSaved(SnapshotMetadata, state: [UInt8])
        /// Memory has changed what was to be saved; nothing was.
        case snapshotDamaged(LogPosition)
        case snapshotInstalled(SnapshotMetadata, state: [UInt8])
    }

    private let mailbox = Mailbox<Job>(limit: .max)  // Bounded by what the core lets be in flight.
    private let finished = DispatchSemaphore(value: 0)

    package init() {}

    /// Starts the thread that owns `storage` from now on; `report` and `failure` are called on it.
    package func start(
        _ storage: sending LogStorage,
        report: @escaping @Sendable (Completion) -> Void,
        failure: @escaping @Sendable (LogStorageError) -> Never
    ) {
        let handover = Mutex<LogStorage?>(storage)
        let thread = Thread { [mailbox, finished] in
            handover.withLock { storage in
                guard let storage else { preconditionFailure("the log was handed over twice") }
                do throws(LogStorageError) {
                    while true {
                        let jobs = mailbox.takeAll(waitingAtMostMS: 1000)
                        if jobs.isEmpty, mailbox.isClosed { break }
                        try Self.perform(jobs, on: storage, report: report)
                    }
                } catch {
                    failure(error)
                }
            }
            finished.signal()
        }
        thread.name = "tarn-log"
        thread.start()
    }

    package func submit(_ job: Job) { mailbox.deliver(job) }

    /// Writes what was submitted, then ends the thread; blocks until then, at most five seconds.
    package func stop() {
        mailbox.close()
        _ = finished.wait(timeout: .now() + .seconds(5))
    }
}
