// SPDX-License-Identifier: Apache-2.0
package import Primitives
import Synchronization

/// Callers that wait until a number which only grows has reached their mark.
///
/// Each wait ends by its own deadline; a cancelled caller stops waiting at once. At most
/// ``limit`` wait at a time; one more is told `false` at once.
///
/// Invariants:
/// 1. A continuation is resumed once, by whoever took it out of the state.
/// 2. Nothing is kept of a call that has returned.
package final class Waiters<Mark: Comparable & Sendable>: Sendable {
    private struct Waiter {
        let mark: Mark
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var reached: Mark
        var waiting: [UInt64: Waiter] = [:]
        /// Calls on their way to `waiting`; `true`: the deadline or a cancellation was faster.
        var arriving: [UInt64: Bool] = [:]
        var nextID: UInt64 = 0
    }

    private let state: Mutex<State>
    private let limit: Int

    package init(reached: Mark, limit: Int = 100_000) {
        state = Mutex(State(reached: reached))
        self.limit = limit
    }

    package var reached: Mark { state.withLock { $0.reached } }

    /// Calls that have not returned.
    package var count: Int { state.withLock { $0.waiting.count + $0.arriving.count } }

    /// Moves the mark forward and wakes whoever waited for it; a smaller mark changes nothing.
    package func advance(to mark: Mark) {
        let released = state.withLock { state in
            guard mark > state.reached else { return [Waiter]() }
            state.reached = mark
            let ready = state.waiting.filter { $0.value.mark <= mark }
            for id in ready.keys { state.waiting[id] = nil }
            return Array(ready.values)
        }
        for waiter in released { waiter.continuation.resume(returning: true) }
    }

    /// Waits until ``reached`` is at least `mark`; `false` at the deadline or when cancelled.
    package func wait(for mark: Mark, within limit: Timespan) async -> Bool {
        if reached >= mark { return true }
        let id = state.withLock { state in
            state.nextID += 1
            state.arriving[state.nextID] = false
            return state.nextID
        }
        let timer = Task {  // Ends with the wait: cancelled below, bounded by `limit` anyway.
            try await Task.sleep(for: limit.duration)
            release(id)
        }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                register(Waiter(mark: mark, continuation: continuation), as: id)
            }
        } onCancel: {
            release(id)
        }
    }

    private func register(_ waiter: Waiter, as id: UInt64) {
        let answer: Bool? = state.withLock { state in
            let hasEnded = state.arriving.removeValue(forKey: id) ?? true
            if state.reached >= waiter.mark { return true }
            guard state.waiting.count < limit, !hasEnded else { return false }
            state.waiting[id] = waiter
            return nil
        }
        if let answer { waiter.continuation.resume(returning: answer) }
    }

    private func release(_ id: UInt64) {
        let waiter = state.withLock { state in
            if state.arriving[id] != nil { state.arriving[id] = true }
            // Invariant 2: a late timer finds nothing.
            return state.waiting.removeValue(forKey: id)
        }
        waiter?.continuation.resume(returning: false)
    }
}
