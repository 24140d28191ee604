// SPDX-License-Identifier: Apache-2.0
import Dispatch
import Foundation
import Synchronization

/// System calls that may block for long, on a thread of their own: neither the threads of async
/// code nor those of libfuse may wait for a mount that waits for them.
enum OwnThread {
    /// Runs `body` on a new thread and does not wait for it.
    static func start(_ body: @escaping @Sendable () -> Void) {
        Thread.detachNewThread(body)
    }

    /// Runs `body` on a new thread and suspends until it is done.
    static func run<Value: Sendable>(_ body: @escaping @Sendable () -> Value) async -> Value {
        await withCheckedContinuation { continuation in
            Thread.detachNewThread { continuation.resume(returning: body()) }
        }
    }

    /// Runs `body` on a new thread and blocks until it is done; `nil` after `timeout`.
    ///
    /// The thread is then left behind: whoever waits for a dead kernel connection cannot be called
    /// back.
    static func run<Value: Sendable>(
        timeout: Duration,
        _ body: @escaping @Sendable () -> Value
    ) -> Value? {
        let result = Box<Value>()
        Thread.detachNewThread { result.fill(body()) }
        return result.wait(timeout: timeout)
    }

    private final class Box<Value: Sendable>: Sendable {
        private let value = Mutex<Value?>(nil)
        private let filled = DispatchSemaphore(value: 0)

        func fill(_ result: Value) {
            value.withLock { $0 = result }
            filled.signal()
        }

        func wait(timeout: Duration) -> Value? {
            let milliseconds = Int(timeout / .milliseconds(1))
            _ = filled.wait(timeout: .now() + .milliseconds(milliseconds))
            return value.withLock { $0 }
        }
    }
}
