// SPDX-License-Identifier: Apache-2.0
import Codecs
import Synchronization

/// One request of a client on its way to an answer, which comes exactly once.
///
/// The answer, the caller's deadline, cancellation and the end of the connection race for it; the
/// first one wins.
final class PageCall: Sendable {
    typealias Outcome = Result<Answer, PageClientError>

    enum Answer: Sendable {
        case reply(PageReply)
        /// The page is being fetched, and the caller did not want to wait.
        case filling
        /// The request went out, and nobody answers it.
        case sent
    }

    private enum State {
        case fresh
        case waiting(CheckedContinuation<Outcome, Never>)
        case finished(Outcome)
    }

    let request: PageRequest
    let whileFilling: FillingPolicy
    private let state = Mutex(State.fresh)

    init(_ request: PageRequest, whileFilling: FillingPolicy = .wait) {
        self.request = request
        self.whileFilling = whileFilling
    }

    var isFinished: Bool {
        state.withLock { state in
            if case .finished = state { true } else { false }
        }
    }

    /// Waits for the answer; called once.
    func outcome() async -> Outcome {
        await withCheckedContinuation { continuation in
            let known: Outcome? = state.withLock { state in
                if case .finished(let outcome) = state { return outcome }
                state = .waiting(continuation)
                return nil
            }
            if let known { continuation.resume(returning: known) }
        }
    }

    /// Sets the answer; every call but the first does nothing.
    func finish(_ outcome: Outcome) {
        let waiting: CheckedContinuation<Outcome, Never>? = state.withLock { state in
            switch state {
            case .finished: return nil
            case .fresh:
                state = .finished(outcome)
                return nil
            case .waiting(let continuation):
                state = .finished(outcome)
                return continuation
            }
        }
        waiting?.resume(returning: outcome)
    }
}
