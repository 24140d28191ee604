// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Tells answers without an end that the server is going away.
package final class ShutdownSignal: Sendable {
    private struct State {
        var isRaised = false
        var waiting: [UInt64: AsyncStream<Never>.Continuation] = [:]
        var next: UInt64 = 0
    }

    private let state = Mutex(State())

    package init() {}

    /// Returns once the signal is raised, or the caller's task is cancelled.
    package func wait() async {
        let (stream, continuation) = AsyncStream.makeStream(of: Never.self)
        let ticket: UInt64? = state.withLock { state in
            guard !state.isRaised else { return nil }
            state.next += 1
            state.waiting[state.next] = continuation
            return state.next
        }
        guard let ticket else { return }
        for await _ in stream {}
        state.withLock { _ = $0.waiting.removeValue(forKey: ticket) }
    }

    package func raise() {
        let waiting = state.withLock { state in
            state.isRaised = true
            return Array(state.waiting.values)
        }
        for continuation in waiting { continuation.finish() }
    }
}
