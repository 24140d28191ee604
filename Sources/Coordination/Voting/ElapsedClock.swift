// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// How old the cluster is, going on from the newest command that this worker knows.
///
/// Never behind a command, and monotonic like the clock below it: a new leader goes on where the last
/// one stopped, and the time in which no voter ran does not count.
package final class ElapsedClock: Sendable {
    private let now: @Sendable () -> UInt64
    /// The cluster's age at a moment of our own clock; milliseconds.
    private let base: Mutex<(elapsedMS: UInt64, atMS: UInt64)>

    /// Begins at 0; `now` never goes back.
    package init(now: @escaping @Sendable () -> UInt64) {
        self.now = now
        base = Mutex((0, now()))
    }

    /// Milliseconds.
    package var elapsedMS: UInt64 {
        let now = now()
        return base.withLock { $0.elapsedMS + (now - min(now, $0.atMS)) }
    }

    /// Takes note of a command's time; ours is only moved on, so that it cannot stand still.
    package func saw(_ elapsedMS: UInt64) {
        let now = now()
        base.withLock { base in
            guard elapsedMS > base.elapsedMS + (now - min(now, base.atMS)) else { return }
            base = (elapsedMS, now)
        }
    }
}
