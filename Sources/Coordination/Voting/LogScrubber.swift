// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Foundation
package import LogStorage
import Synchronization

/// The thread that reads a voter's log again, at leisure: a file a minute, at most 8 MiB a second.
///
/// Never in the log's own thread's way: it has its own openings of the files, and takes no lock that the
/// other holds longer than to set a number.
package final class LogScrubber: Sendable {
    /// Bytes read in a second at most.
    private static let byteRate = 8 << 20

    private let stopped = DispatchSemaphore(value: 0)
    private let isStopping = Mutex(false)

    package init() {}

    /// Starts the thread; `report` is called on it after each turn.
    package func start(
        _ scrub: sending LogScrub,
        everyMS intervalMS: Int,
        report: @escaping @Sendable (Result<LogScrub.Turn, IOFailure>) -> Void
    ) {
        let handover = Mutex<LogScrub?>(scrub)
        let thread = Thread { [self] in
            handover.withLock { scrub in
                while sleep(milliseconds: intervalMS) {
                    do throws(IOFailure) {
                        guard
                            let turn = try scrub?.turn(pace: { count in
                                _ = sleep(milliseconds: count * 1000 / Self.byteRate)
                            })
                        else { return }
                        report(.success(turn))
                    } catch {
                        report(.failure(error))
                    }
                }
            }
        }
        thread.name = "tarn-scrub"
        thread.start()
    }

    /// Ends the thread soon; does not wait for it, for it only reads.
    package func stop() {
        isStopping.withLock { $0 = true }
        stopped.signal()
    }

    /// Returns `false`, early, when it is to end.
    private func sleep(milliseconds: Int) -> Bool {
        if isStopping.withLock({ $0 }) { return false }
        _ = stopped.wait(timeout: .now() + .milliseconds(milliseconds))
        return isStopping.withLock { !$0 }
    }
}
