// SPDX-License-Identifier: Apache-2.0

import Glibc
import Synchronization

/// Says which world it was when a core ends the process, as it does if one of its own invariants
/// does not hold.
///
/// What did not hold stands on the standard error before it. Such a world cannot be made smaller:
/// it takes the process with it.
enum TrapReport {
    /// Seeds of the worlds that are under way.
    private static let running = Mutex<[UInt64]>([])

    /// Turns the signals of a failed precondition into a line and exit status 1.
    static func install() {
        for number in [SIGILL, SIGTRAP] {
            signal(number) { _ in TrapReport.tell() }
        }
    }

    /// Runs the world of a seed; should it trap, the seed is named.
    static func naming<Result>(_ seed: UInt64, _ body: () -> Result) -> Result {
        running.withLock { $0.append(seed) }
        defer {
            running.withLock { seeds in
                if let place = seeds.firstIndex(of: seed) { seeds.remove(at: place) }
            }
        }
        return body()
    }

    /// The thread that traps is inside a world, so the lock is free or soon will be.
    private static func tell() {
        let seeds = running.withLock { $0 }.map(String.init).joined(separator: " or ")
        print("seed \(seeds): Trap: the core ended the process, see the standard error")
        fflush(nil)
        _exit(1)
    }
}
