// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Foundation
package import LogStorage
package import Primitives
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

    /// A pause before a turn: the interval, and up to a quarter less or more.
    ///
    /// So that voters that started together do not read, and find, at one moment.
    package static func pauseMS(everyMS intervalMS: Int, using generator: inout SplitMix64) -> Int {
        let quarter = max(0, intervalMS / 4)
        return intervalMS - quarter + Int(generator.next() % UInt64(2 * quarter + 1))
    }

    /// Starts the thread; `report` is called on it after each turn.
    ///
    /// `seed` differs between stores, and with it when their turns come.
    package func start(
        _ scrub: sending LogScrub,
        everyMS intervalMS: Int,
        seed: UInt64,
        report: @escaping @Sendable (Result<LogScrub.Turn, LogStorageError>) -> Void
    ) {
        let handover = Mutex<LogScrub?>(scrub)
        let thread = Thread { [self] in
            handover.withLock { scrub in
                var generator = SplitMix64(seed: seed)
                while sleep(
                    milliseconds: Self.pauseMS(everyMS: intervalMS, using: &generator)
                ) {
                    do throws(LogStorageError) {
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
