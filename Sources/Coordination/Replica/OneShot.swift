// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// A wait that somebody else ends when its time is over.
protocol Expiring: Sendable {
    /// Whether nobody waits and nobody will.
    var isSettled: Bool { get }
    /// Ends the wait without an answer.
    func expire()
}

/// One answer on its way from a thread to a task.
///
/// The first ``resolve(_:)`` or ``expire()`` counts; a waiter gets the value, or `nil`.
package final class OneShot<Value: Sendable>: Sendable, Expiring {
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

    var isSettled: Bool {
        state.withLock { state in
            switch state {
            case .empty, .waiting: false
            case .resolved, .finished: true
            }
        }
    }

    /// Waits for the answer.
    ///
    /// `nil` when it was expired, which whoever answers sees to by a deadline, or when cancelled.
    /// Call it once.
    package func value() async -> Value? {
        await withTaskCancellationHandler {
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

    /// Ends the wait: `nil` for who waits now or later.
    package func expire() {
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
