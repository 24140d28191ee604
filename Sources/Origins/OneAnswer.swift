// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOPosix
import Synchronization

/// What is given by the deadline, by somebody who may not be interruptible.
///
/// `ask` passes on what it is handed; the first outcome counts, the deadline's among them, and every
/// later one is dropped.
func answer<Value: Sendable>(
    by deadline: Deadline,
    _ ask: (_ give: @escaping @Sendable (Result<Value, OriginError>) -> Void) -> Void
) async throws(OriginError) -> Value {
    let answer = OneAnswer<Value>()
    // Any loop will do: the timer only resumes whoever waits.
    let timer = MultiThreadedEventLoopGroup.singleton.any().scheduleTask(
        deadline: deadline.onEventLoops
    ) {
        answer.give(.failure(deadline.passed))
    }
    ask { answer.give($0) }
    let result = await answer.value()
    timer.cancel()
    return try result.get()
}

/// The first of several outcomes; the others are dropped.
private final class OneAnswer<Value: Sendable>: Sendable {
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
