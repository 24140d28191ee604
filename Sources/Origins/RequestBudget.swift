// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Lets a bounded number of requests to one origin run at once, in the order they came.
///
/// 1. `inUse` never exceeds `limit`, `waiting.count` never `waitingLimit`.
/// 2. Somebody waits only while `inUse == limit`.
/// 3. A turn that was given is given back exactly once.
final class RequestBudget: Sendable {
    private let limit: Int
    private let waitingLimit: Int
    private let state = Mutex(State())

    private struct State {
        var inUse = 0
        var nextTicket: UInt64 = 0
        var waiting: [Waiter] = []
    }

    private struct Waiter {
        let ticket: UInt64
        let turn: CheckedContinuation<Outcome, Never>
    }

    private enum Outcome { case granted, cancelled, refused }

    init(limit: Int, waitingLimit: Int) {
        self.limit = limit
        self.waitingLimit = waitingLimit
    }

    /// Waits for a turn; ``giveBack()`` must follow, once.
    ///
    /// - Throws: ``OriginError/throttled(status:)`` with 0 when too many wait already.
    func take() async throws(OriginError) {
        switch await turn() {
        case .granted: return
        case .cancelled: throw .unreachable("cancelled")
        case .refused: throw .throttled(status: 0)
        }
    }

    /// Passes the turn on to whoever waits longest.
    func giveBack() {
        let next = state.withLock { state -> Waiter? in
            if state.waiting.isEmpty {
                state.inUse -= 1
                return nil
            }
            return state.waiting.removeFirst()  // The turn passes on: `inUse` stays.
        }
        next?.turn.resume(returning: .granted)
    }

    private func turn() async -> Outcome {
        let ticket = state.withLock { state in
            state.nextTicket += 1
            return state.nextTicket
        }
        return await withTaskCancellationHandler {
            await withCheckedContinuation { turn in
                enqueue(Waiter(ticket: ticket, turn: turn))
            }
        } onCancel: {
            cancel(ticket)
        }
    }

    private func enqueue(_ waiter: Waiter) {
        let outcome: Outcome? = state.withLock { state in
            // The handler of a task cancelled before this point ran already and found nobody.
            if Task.isCancelled { return .cancelled }
            if state.inUse < limit {
                state.inUse += 1
                return .granted
            }
            guard state.waiting.count < waitingLimit else { return .refused }
            state.waiting.append(waiter)
            return nil
        }
        if let outcome { waiter.turn.resume(returning: outcome) }
    }

    private func cancel(_ ticket: UInt64) {
        let waiter = state.withLock { state -> Waiter? in
            guard let index = state.waiting.firstIndex(where: { $0.ticket == ticket }) else {
                return nil
            }
            return state.waiting.remove(at: index)
        }
        waiter?.turn.resume(returning: .cancelled)
    }
}
