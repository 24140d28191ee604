// SPDX-License-Identifier: Apache-2.0
import NIOPosix

/// Runs blocking file calls on a thread pool of their own and answers by the deadline.
///
/// A call into a dead NFS server cannot be interrupted: then the caller gets its error in time and
/// the thread stays stuck until the kernel lets go. The turn goes back only when the call ends, so
/// an origin holds no more threads than its ``RequestBudget`` has turns.
struct BlockingIO: Sendable {
    let pool: NIOThreadPool

    /// Runs `body` in a turn that the caller has taken; gives it back when `body` has ended.
    func run<Value: Sendable>(
        _ deadline: Deadline,
        inTurnOf budget: RequestBudget,
        _ body: @escaping @Sendable () -> Result<Value, OriginError>
    ) async throws(OriginError) -> Value {
        try await answer(by: deadline) { give in
            pool.submit { state in
                defer { budget.giveBack() }
                guard case .active = state else {
                    return give(.failure(.unreachable("shutting down")))
                }
                guard deadline.remaining > .zero else { return }  // Nobody waits any more.
                give(body())
            }
        }
    }
}
