// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// One log line a second about something that may happen with every page; the rest is counted.
final class LogBudget: Sendable {
    private struct State {
        var nextAt: ContinuousClock.Instant?
        var leftOut = 0
    }

    private let state = Mutex(State())

    /// How many lines were left out since the last one; `nil`: leave this one out, too.
    func take(now: ContinuousClock.Instant = .now) -> Int? {
        state.withLock { state in
            if let next = state.nextAt, now < next {
                state.leftOut += 1
                return nil
            }
            defer { state.leftOut = 0 }
            state.nextAt = now + .seconds(1)
            return state.leftOut
        }
    }
}
