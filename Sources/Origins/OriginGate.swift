// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// What every request to one store passes: its breaker, then its budget.
///
///     enter ─▶ admitted? ─▶ turn ─▶ still closed? ─▶ the request ─▶ settle, give the turn back
///                 │ waits, or fails with what the store failed with
final class OriginGate: Sendable {
    let budget: RequestBudget
    private let limits: OriginLimits
    private let state = Mutex(State())

    private struct State {
        var breaker = OriginBreaker()
        var waitingCount = 0
    }

    /// How often who waits for a probe looks whether it has ended.
    private static let look: Duration = .milliseconds(200)

    init(limits: OriginLimits, requestsInFlight: Int) {
        self.limits = limits
        budget = RequestBudget(limit: requestsInFlight, waitingLimit: limits.requestsWaiting)
    }

    var isOpen: Bool { state.withLock { $0.breaker.isOpen } }

    /// Waits until a request may go and takes a turn for it.
    ///
    /// ``settle(_:_:)`` and the budget's `giveBack()` must follow, once each.
    func enter(_ deadline: Deadline) async throws(OriginError) -> OriginBreaker.Ticket {
        while true {
            let ticket = try await admit(deadline)
            do throws(OriginError) {
                try await budget.take()
            } catch {
                // Whoever probes in vain for a turn has found every turn stuck.
                let isLate = ticket == .probe && deadline.remaining == .zero
                settle(ticket, isLate ? .failed(deadline.passed) : .unknown)
                throw error
            }
            // Many may have waited for a turn since before the breaker opened.
            if ticket == .probe || !isOpen { return ticket }
            budget.giveBack()
        }
    }

    /// Takes note of how a request ended.
    func settle(_ ticket: OriginBreaker.Ticket, _ verdict: OriginBreaker.Verdict) {
        let chance = Double.random(in: 0..<1)
        state.withLock { $0.breaker.settle(ticket, verdict, at: .now, chance: chance) }
    }

    // MARK: - Private parts

    private func admit(_ deadline: Deadline) async throws(OriginError) -> OriginBreaker.Ticket {
        let latest = min(deadline.end, deadline.start + limits.longestWait)
        while true {
            let now = ContinuousClock.now
            let admission = state.withLock { $0.breaker.admit(at: now) }
            guard case .refused(let until) = admission else {
                guard case .granted(let ticket) = admission else { throw refusal(at: now) }
                return ticket
            }
            let next = until ?? now + Self.look
            guard next < latest else { throw refusal(at: now) }
            try await wait(until: next, now)
        }
    }

    private func wait(
        until next: ContinuousClock.Instant,
        _ now: ContinuousClock.Instant
    ) async throws(OriginError) {
        let isOne = state.withLock { state in
            guard state.waitingCount < limits.requestsWaiting else { return false }
            state.waitingCount += 1
            return true
        }
        guard isOne else { throw refusal(at: now) }
        defer { state.withLock { $0.waitingCount -= 1 } }
        do {
            try await Task.sleep(until: next, clock: .continuous)
        } catch {
            throw .unreachable("cancelled")
        }
    }

    private func refusal(at now: ContinuousClock.Instant) -> OriginError {
        guard let outage = state.withLock({ $0.breaker.outage }) else {
            return .throttled(status: 0)  // It closed this moment.
        }
        let seconds = (now - outage.since).wholeMilliseconds / 1000
        return .unreachable(
            "\(outage.error.inShort); its breaker is open since \(seconds) s, no request was sent"
        )
    }
}

extension OriginError {
    /// For the line of a log, without the name of the case.
    fileprivate var inShort: String {
        switch self {
        case .unreachable(let why), .brokenBody(let why), .misconfigured(let why): why
        case .timedOut(let afterMS): "it timed out after \(afterMS) ms"
        case .throttled(let status): "it asked for less (\(status))"
        case .unexpectedStatus(let status, let code): "it answered \(status) \(code)"
        case .notFound, .accessDenied, .changed, .rangeNotSatisfiable, .unknownCredential, .io:
            "\(self)"
        }
    }
}
