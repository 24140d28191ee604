// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Keeps a failing origin from filling the disk with log lines: so many a second, the rest counted.
final class LogBudget: Sendable {
    static let linesPerSecond = 10

    private struct State {
        var windowStart: ContinuousClock.Instant?
        var used = 0
        var skipped = 0
    }

    private let state = Mutex(State())

    /// Lines left out since the last one written, or `nil` if this one must be left out too.
    func take(now: ContinuousClock.Instant = .now) -> Int? {
        state.withLock { state in
            if state.windowStart.map({ now - $0 >= .seconds(1) }) ?? true {
                state.windowStart = now
                state.used = 0
            }
            guard state.used < Self.linesPerSecond else {
                state.skipped += 1
                return nil
            }
            state.used += 1
            defer { state.skipped = 0 }
            return state.skipped
        }
    }
}
