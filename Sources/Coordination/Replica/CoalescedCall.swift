// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Lets callers that arrive while a call is under way share the next one.
///
/// ```
///   caller ─▶ │ waiting │ ──▶ one call for all of them ──▶ its answer to each
/// ```
///
/// Never an answer to a call that began before the caller came: that is what makes a shared read
/// index cover everything committed before each read.
package final class CoalescedCall<Value: Sendable>: Sendable {
    private typealias Waiter = CheckedContinuation<Value?, Never>

    private struct State {
        var isCalling = false
        var waiting: [Waiter] = []
    }

    private let state = Mutex(State())

    package init() {}

    /// The answer of a call begun after this one; `nil` where that call had none.
    ///
    /// `call` must end by a deadline of its own; it runs in a task that no caller can cancel.
    package func value(_ call: @escaping @Sendable () async -> Value?) async -> Value? {
        await withCheckedContinuation { waiter in
            let isFirst = state.withLock { state in
                state.waiting.append(waiter)
                defer { state.isCalling = true }
                return !state.isCalling
            }
            // Not a child: it serves others than its maker. Ends when nobody waits.
            if isFirst { Task { await serve(call) } }
        }
    }

    private func serve(_ call: @Sendable () async -> Value?) async {
        while true {
            let waiters = state.withLock { state in
                defer { state.waiting = [] }
                if state.waiting.isEmpty { state.isCalling = false }
                return state.waiting
            }
            if waiters.isEmpty { return }
            let value = await call()
            for waiter in waiters { waiter.resume(returning: value) }
        }
    }
}
