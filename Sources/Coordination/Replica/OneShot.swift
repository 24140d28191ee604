// SPDX-License-Identifier: Apache-2.0
package import Primitives
import Synchronization

/// One answer on its way from a thread to a task.
///
/// The first ``resolve(_:)`` counts; a waiter gets it, or `nil` at its deadline.
package final class OneShot<Value: Sendable>: Sendable {
    private enum State {
        case empty
        case waiting(CheckedContinuation<Value?, Never>)
        case resolved(Value)
        case finished
    }

    private let state = Mutex(State.empty)

    package init() {}

    package func resolve(_ value: Value) {
        let waiting: CheckedContinuation<Value?, Never>? = state.withLock { state in
            switch state {
            case .empty:
                state = .resolved(value)
                return nil
            case .waiting(let continuation):
                state = .finished
                return continuation
            case .resolved, .finished:
                return nil
            }
        }
        waiting?.resume(returning: value)
    }

    /// Waits for the answer.
    ///
    /// `nil` at the deadline or when cancelled. Call it once.
    package func value(within limit: Timespan) async -> Value? {
        let timer = Task {  // Ends with the wait: cancelled below, bounded by `limit` anyway.
            try await Task.sleep(for: limit.duration)
            expire()
        }
        defer { timer.cancel() }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { wait($0) }
        } onCancel: {
            expire()
        }
    }

    private func wait(_ continuation: CheckedContinuation<Value?, Never>) {
        let answer: Value?? = state.withLock { state in
            switch state {
            case .empty:
                state = .waiting(continuation)
                return .none
            case .resolved(let value):
                state = .finished
                return .some(value)
            case .waiting, .finished:
                return .some(nil)
            }
        }
        if let answer { continuation.resume(returning: answer) }
    }

    private func expire() {
        let waiting: CheckedContinuation<Value?, Never>? = state.withLock { state in
            guard case .waiting(let continuation) = state else {
                if case .empty = state { state = .finished }
                return nil
            }
            state = .finished
            return continuation
        }
        waiting?.resume(returning: nil)
    }
}
