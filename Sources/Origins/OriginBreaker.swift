// SPDX-License-Identifier: Apache-2.0

/// Decides whether a store that keeps failing is asked at all.
///
///     closed ──8 failures in a row──▶ open ──its pause is over──▶ probing ──failure──▶ open, longer
///        ▲                              │                            │
///        └──────────────────────────────┴──────────success───────────┘
///
/// 1. While probing exactly one request is under way that holds ``Ticket/probe``.
/// 2. A request that began before the breaker opened cannot lengthen the pause; its success closes.
///
/// - Source: Nygard, "Release It!", "Circuit Breaker".
package struct OriginBreaker: Sendable {
    /// What a request that may go is to the breaker.
    package enum Ticket: Sendable { case ordinary, probe }

    package enum Admission: Sendable, Equatable {
        case granted(Ticket)
        /// Not before this moment; `nil`: when the probe under way has ended.
        case refused(until: ContinuousClock.Instant?)
    }

    /// What a request told about the store.
    package enum Verdict: Sendable, Equatable {
        /// It answered, whatever it said.
        case answered
        /// It did not, or asked for less.
        case failed(OriginError)
        /// Nothing: the request never got there, or its caller went away.
        case unknown
    }

    private enum State {
        case closed(failureCount: Int)
        case open(until: ContinuousClock.Instant)
        case probing
    }

    /// Failures in a row that open it: the tries of one call.
    package static let failureLimit = 8
    package static let shortestPause: Duration = .seconds(1)
    package static let longestPause: Duration = .seconds(30)

    private var state = State.closed(failureCount: 0)
    private var pause = shortestPause

    /// Since when the store is left alone, and what it failed with last; `nil` while closed.
    package private(set) var outage: (since: ContinuousClock.Instant, error: OriginError)?

    package init() {}

    package var isOpen: Bool { outage != nil }

    /// Asks for one request.
    package mutating func admit(at now: ContinuousClock.Instant) -> Admission {
        switch state {
        case .closed: return .granted(.ordinary)
        case .probing: return .refused(until: nil)
        case .open(let until) where now < until: return .refused(until: until)
        case .open:
            state = .probing
            return .granted(.probe)
        }
    }

    /// Takes note of how a granted request ended.
    ///
    /// `chance` is from 0 up to 1: half of a pause is chance, so that workers do not probe together.
    package mutating func settle(
        _ ticket: Ticket,
        _ verdict: Verdict,
        at now: ContinuousClock.Instant,
        chance: Double
    ) {
        switch (state, verdict, ticket) {
        case (_, .answered, _):
            state = .closed(failureCount: 0)
            pause = Self.shortestPause
            outage = nil
        case (.closed(let count), .failed(let error), _):
            state = .closed(failureCount: count + 1)
            if count + 1 >= Self.failureLimit { open(error, at: now, chance: chance) }
        case (.probing, .failed(let error), .probe):
            open(error, at: now, chance: chance)
        case (.probing, .unknown, .probe):
            state = .open(until: now)  // The next call probes.
        case (.open, .failed, _), (.probing, .failed, .ordinary), (_, .unknown, _):
            break
        }
    }

    private mutating func open(
        _ error: OriginError,
        at now: ContinuousClock.Instant,
        chance: Double
    ) {
        state = .open(until: now + pause / 2 * (1 + chance))
        pause = min(pause * 2, Self.longestPause)
        outage = (outage?.since ?? now, error)
    }
}
