// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOPosix
import Synchronization

/// Runs blocking file calls on a thread pool of their own and answers by the deadline.
///
/// A call into a dead NFS server cannot be interrupted: then the caller gets its error in time, the
/// thread stays stuck until the kernel lets go, and ``RequestBudget`` bounds how many follow it.
struct BlockingIO: Sendable {
    let pool: NIOThreadPool

    func run<Value: Sendable>(
        _ deadline: Deadline,
        _ body: @escaping @Sendable () -> Result<Value, OriginError>
    ) async throws(OriginError) -> Value {
        let answer = Answer<Value>()
        // Any loop will do: the timer only resumes whoever waits.
        let timer = MultiThreadedEventLoopGroup.singleton.any().scheduleTask(
            deadline: deadline.onEventLoops
        ) {
            answer.give(.failure(deadline.passed))
        }
        pool.submit { state in
            switch state {
            case .active: answer.give(body())
            case .cancelled: answer.give(.failure(.unreachable("shutting down")))
            }
        }
        let result = await answer.value()
        timer.cancel()
        return try result.get()
    }

    /// The first of two outcomes; the second is dropped.
    private final class Answer<Value: Sendable>: Sendable {
        private let state = Mutex<State>(.open)

        private typealias Waiter = CheckedContinuation<Result<Value, OriginError>, Never>

        private enum State {
            case open
            case waited(Waiter)
            case given(Result<Value, OriginError>)
            case taken
        }

        func give(_ result: Result<Value, OriginError>) {
            let waiting = state.withLock { state -> Waiter? in
                switch state {
                case .open:
                    state = .given(result)
                    return nil
                case .waited(let continuation):
                    state = .taken
                    return continuation
                case .given, .taken:
                    return nil
                }
            }
            waiting?.resume(returning: result)
        }

        func value() async -> Result<Value, OriginError> {
            await withCheckedContinuation { continuation in
                let given = state.withLock { state -> Result<Value, OriginError>? in
                    guard case .given(let result) = state else {
                        state = .waited(continuation)
                        return nil
                    }
                    state = .taken
                    return result
                }
                if let given { continuation.resume(returning: given) }
            }
        }
    }
}
