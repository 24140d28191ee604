// SPDX-License-Identifier: Apache-2.0
package import Primitives
import Synchronization

/// How long ago this replica was known to be complete, without synchronised clocks.
///
/// Asked at local time t, a leader (or a worker nearer to it) says "complete up to index i as of a
/// milliseconds before you asked". Once index i is applied here, this replica was complete at t − a.
/// Only the rate of clocks matters, and ages add hop by hop, as HTTP's Age does.
package final class StalenessTracker: Sendable {
    private struct State {
        var completeAtMS: UInt64?
        /// Statements whose index is not applied here yet, oldest first, at most 16: enough to
        /// span the time a replica trails, and the oldest must stay or a busy one would never age
        /// well.
        var promised: [(index: LogIndex, completeAtMS: UInt64)] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// Somebody said, asked at `askedAtMS`, that it was complete up to `index` `age` ago.
    package func heard(index: LogIndex, age: Timespan, askedAtMS: UInt64, applied: LogIndex) {
        let completeAt = askedAtMS - min(age.milliseconds, askedAtMS)
        state.withLock { state in
            if index <= applied {
                state.completeAtMS = max(state.completeAtMS ?? 0, completeAt)
            } else if state.promised.count < 16 {
                state.promised.append((index, completeAt))
            }
        }
    }

    /// The age at `nowMS` of a replica that holds everything up to `applied`.
    package func age(nowMS: UInt64, applied: LogIndex) -> Timespan? {
        state.withLock { state in
            for promise in state.promised where promise.index <= applied {
                state.completeAtMS = max(state.completeAtMS ?? 0, promise.completeAtMS)
            }
            state.promised.removeAll { $0.index <= applied }
            return state.completeAtMS.map { Timespan(milliseconds: nowMS - min($0, nowMS)) }
        }
    }
}
