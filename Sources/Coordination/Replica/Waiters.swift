// SPDX-License-Identifier: Apache-2.0
package import Primitives
import Synchronization

/// Callers that wait until a number which only grows has reached their mark.
///
/// Each wait ends by its own deadline, at most ``sweepInterval`` late; a cancelled caller stops
/// waiting at once. At most ``limit`` wait at a time; one more is told `false` at once.
///
/// Most waits are over within milliseconds and never see their deadline. So none has a timer of its
/// own: one task, the sweeper, looks at all deadlines, at the latest after ``longestSleep``.
///
/// Invariants:
/// 1. A continuation is resumed once, by whoever took it out of the state.
/// 2. Nothing is kept of a call that has returned.
/// 3. While anybody waits, a sweeper comes before ``longestSleep`` is over and soon after the
///    earliest deadline.
package final class Waiters<Mark: Comparable & Sendable>: Sendable {
    private struct Waiter {
        let mark: Mark
        let deadline: ContinuousClock.Instant
        let continuation: CheckedContinuation<Bool, Never>
    }

    private struct State {
        var reached: Mark
        var waiting: [UInt64: Waiter] = [:]
        /// No mark that is waited for is smaller; `nil`: none is.
        var nearest: Mark?
        /// Calls on their way to `waiting`; `true`: a cancellation was faster.
        var arriving: [UInt64: Bool] = [:]
        var nextID: UInt64 = 0
        /// When the sweeper comes, and which one it is; `nil`: nobody waits.
        var sweep: (at: ContinuousClock.Instant, number: UInt64)?
        var lastSweeper: UInt64 = 0
    }

    private static var sweepInterval: Duration { .milliseconds(20) }
    private static var longestSleep: Duration { .seconds(1) }

    private let state: Mutex<State>
    private let limit: Int

    package init(reached: Mark, limit: Int = 100_000) {
        state = Mutex(State(reached: reached))
        self.limit = limit
    }

    package var reached: Mark { state.withLock { $0.reached } }

    /// Calls that have not returned.
    package var count: Int { state.withLock { $0.waiting.count + $0.arriving.count } }

    /// Moves the mark forward and wakes whoever waited for it; a smaller mark changes nothing.
    package func advance(to mark: Mark) {
        let released = state.withLock { state in
            guard mark > state.reached else { return [Waiter]() }
            state.reached = mark
            guard let nearest = state.nearest, nearest <= mark else { return [] }
            let ready = state.waiting.filter { $0.value.mark <= mark }
            for id in ready.keys { state.waiting[id] = nil }
            state.nearest = state.waiting.values.map(\.mark).min()
            return Array(ready.values)
        }
        for waiter in released { waiter.continuation.resume(returning: true) }
    }

    /// Waits until ``reached`` is at least `mark`; `false` at the deadline or when cancelled.
    package func wait(for mark: Mark, within limit: Timespan) async -> Bool {
        if reached >= mark { return true }
        return await wait(for: mark, within: limit, as: arrive())
    }

    /// A call that has come and does not wait yet, so that others can send it away from the start.
    package struct Arrival: Sendable {
        fileprivate let id: UInt64
    }

    /// Announces one call of ``wait(for:within:as:)``, which must follow.
    package func arrive() -> Arrival {
        state.withLock { state in
            state.nextID += 1
            state.arriving[state.nextID] = false
            return Arrival(id: state.nextID)
        }
    }

    /// Ends the wait of `arrival` with `false`, at once or when it begins; nothing where it is over.
    package func dismiss(_ arrival: Arrival) { release(arrival.id) }

    /// Like ``wait(for:within:)``, and `false` as well where `arrival` was dismissed.
    package func wait(for mark: Mark, within limit: Timespan, as arrival: Arrival) async -> Bool {
        let id = arrival.id
        let deadline = ContinuousClock.now + limit.duration
        return await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                let waiter = Waiter(mark: mark, deadline: deadline, continuation: continuation)
                register(waiter, as: id)
            }
        } onCancel: {
            release(id)
        }
    }

    private func register(_ waiter: Waiter, as id: UInt64) {
        let (answer, sweeper): (Bool?, UInt64?) = state.withLock { state in
            let hasEnded = state.arriving.removeValue(forKey: id) ?? true
            if state.reached >= waiter.mark { return (true, nil) }
            guard state.waiting.count < limit, !hasEnded else { return (false, nil) }
            state.waiting[id] = waiter
            state.nearest = min(state.nearest ?? waiter.mark, waiter.mark)
            return (nil, Self.hireSweeper(before: waiter.deadline, &state))
        }
        if let answer { waiter.continuation.resume(returning: answer) }
        // Not a child: it serves whoever waits. Ends when nobody does, or when one is hired that
        // comes earlier.
        if let sweeper { Task { await sweep(as: sweeper) } }
    }

    // MARK: - Deadlines

    /// The number of a new sweeper, where none comes soon enough.
    private static func hireSweeper(
        before deadline: ContinuousClock.Instant,
        _ state: inout State
    ) -> UInt64? {
        let wanted = nextSweep(deadline)
        if let sweep = state.sweep, sweep.at <= wanted { return nil }
        state.lastSweeper += 1
        state.sweep = (wanted, state.lastSweeper)
        return state.lastSweeper
    }

    private static func nextSweep(_ deadline: ContinuousClock.Instant) -> ContinuousClock.Instant {
        let now = ContinuousClock.now
        return min(now + longestSleep, max(deadline, now + sweepInterval))
    }

    private func sweep(as number: UInt64) async {
        while let time = state.withLock({ $0.sweep }), time.number == number {
            try? await Task.sleep(until: time.at, clock: .continuous)
            expire(as: number)
        }
    }

    /// Ends the waits whose time is over, and says when to come again.
    private func expire(as number: UInt64) {
        let now = ContinuousClock.now
        let late = state.withLock { state -> [Waiter] in
            guard state.sweep?.number == number else { return [] }
            let late = state.waiting.filter { $0.value.deadline <= now }
            for id in late.keys { state.waiting[id] = nil }
            let earliest = state.waiting.values.map(\.deadline).min()
            state.sweep = earliest.map { (Self.nextSweep($0), number) }  // Invariant 3.
            return Array(late.values)
        }
        for waiter in late { waiter.continuation.resume(returning: false) }
    }

    private func release(_ id: UInt64) {
        let waiter = state.withLock { state in
            if state.arriving[id] != nil { state.arriving[id] = true }
            // Invariant 2: a late cancellation finds nothing.
            return state.waiting.removeValue(forKey: id)
        }
        waiter?.continuation.resume(returning: false)
    }
}
