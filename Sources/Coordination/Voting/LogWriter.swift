// SPDX-License-Identifier: Apache-2.0
import Foundation
package import LogStorage
import Primitives
package import RaftCore
import Synchronization
package import SystemPackage

/// The one thread that touches the log's files.
///
/// ```
///   driver ──write──▶ │ mailbox │ ──▶ everything waiting, one fdatasync ──▶ .persisted(last)
/// ```
///
/// While a write runs the next batch gathers: group commit that adapts to the disk without a timer.
/// A disk that fails ends the process at once: pages that could not be written are marked clean by
/// the kernel, so a second try would lie. A disk that is full does not: what finds no space waits, and
/// the driver is told, as long as there is none.
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
        /// Terms and votes up to this write are durable; its entries, or earlier ones, wait for space.
        case promised(WriteSequence)
        case snapshotSaved(SnapshotMetadata, state: [UInt8])
        /// Memory has changed what was to be saved; nothing was.
        case snapshotDamaged(LogPosition)
        case snapshotInstalled(SnapshotMetadata, state: [UInt8])
        /// There was no space for a snapshot of our own.
        case snapshotGivenUp
        /// What the disk has room for has changed.
        case space(DiskSpace)
    }

    /// How often the file system is asked how full it is, and a write that found no space is tried again.
    private static let lookMS = 1000

    private let mailbox = Mailbox<Job>(limit: .max)  // Bounded by what the core lets be in flight.
    private let finished = DispatchSemaphore(value: 0)

    package init() {}

    /// Starts the thread that owns `storage` from now on; `report` and `failure` are called on it.
    ///
    /// `directory` is where the log is, for the reserve of space beside it.
    package func start(
        _ storage: sending LogStorage,
        in directory: FilePath,
        report: @escaping @Sendable (Completion) -> Void,
        failure: @escaping @Sendable (LogStorageError) -> Never
    ) {
        let handover = Mutex<LogStorage?>(storage)
        let thread = Thread { [mailbox, finished] in
            handover.withLock { storage in
                guard let storage else { preconditionFailure("the log was handed over twice") }
                do throws(LogStorageError) {
                    var room = DiskRoom(
                        DiskReserve(directory, segmentByteCount: storage.segmentByteCount)
                    )
                    try Self.run(LogWorkbench(storage, report: report), &room, mailbox, report)
                } catch {
                    failure(error)
                }
            }
            finished.signal()
        }
        thread.name = "tarn-log"
        thread.start()
    }

    private static func run(
        _ workbench: consuming LogWorkbench,
        _ room: inout DiskRoom,
        _ mailbox: Mailbox<Job>,
        _ report: @Sendable (Completion) -> Void
    ) throws(LogStorageError) {
        var hasNewRoom = false
        while true {
            workbench.add(mailbox.takeAll(waitingAtMostMS: hasNewRoom ? 0 : lookMS))
            hasNewRoom = false
            if mailbox.isClosed, workbench.isEmpty || room.isStuck { return }
            do throws(LogStorageError) {
                try workbench.work()
                room.worked()
            } catch {
                guard case .full = error else { throw error }
                hasNewRoom = room.foundNone()
                if hasNewRoom { continue }  // Space was given back: at once again.
            }
            if let news = room.news(everyMS: lookMS) {
                try workbench.adapt(to: news.level)
                report(.space(news))
            }
        }
    }

    package func submit(_ job: Job) { mailbox.deliver(job) }

    /// Writes what was submitted, then ends the thread; blocks until then, at most five seconds.
    ///
    /// - Returns: Whether it has ended; on a disk that hangs it may go on writing.
    @discardableResult package func stop() -> Bool {
        mailbox.close()
        return finished.wait(timeout: .now() + .seconds(5)) == .success
    }
}
