// SPDX-License-Identifier: Apache-2.0
package import Primitives
import Synchronization

/// Callers that wait until a number which only grows has reached their mark.
///
/// Each wait ends by its own deadline; a cancelled caller stops waiting at once. At most
/// ``limit`` wait at a time.
package final class Waiters<Mark: Comparable & Sendable>: Sendable {
    private struct Waiter {
        let mark: Mark
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var reached: Mark
        var waiting: [UInt64: Waiter] = [:]
        /// Ended before they were registered: the deadline or a cancellation was faster.
        var ended: Set<UInt64> = []
        var nextID: UInt64 = 0
    }

    private let state: Mutex<State>
    private let limit: Int

    package init(reached: Mark, limit: Int = 100_000) {
        state = Mutex(State(reached: reached))
        self.limit = limit
    }

    package var reached: Mark { state.withLock { $0.reached } }

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
            return state.nextID
        }
        let timer = Task {  // Ends with the wait: cancelled below, bounded by `limit` anyway.
            try await Task.sleep(for: limit.duration)
            release(id)
        }
        defer {
            timer.cancel()
            _ = state.withLock { $0.ended.remove(id) }
        }
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
            if state.reached >= waiter.mark { return true }
            guard state.waiting.count < limit, !state.ended.contains(id) else { return false }
            state.waiting[id] = waiter
            return nil
        }
        if let answer { waiter.continuation.resume(returning: answer) }
    }

    private func release(_ id: UInt64) {
        let waiter = state.withLock { state in
            let waiter = state.waiting.removeValue(forKey: id)
            if waiter == nil { state.ended.insert(id) }
            return waiter
        }
        waiter?.continuation.resume(returning: false)
    }
}
