// SPDX-License-Identifier: Apache-2.0
import FeedCore
import Primitives
import Synchronization

/// How this worker is fed: its ``FeedFollower``, shared by the tasks that read, ask and watch the clock.
///
/// What the follower wants done waits in order for the one task that does it (``next(within:)``); that is
/// little, because a follower wants one stream and asks twice a second.
final class FeedLine: Sendable {
    private struct State {
        var follower: FeedFollower?
        var wanted: [FeedFollower.Action] = []
        /// Grows with each stream that is opened or left: who reads an earlier one has to stop.
        var stream: UInt64 = 0
        var clock = SourceClock()
        /// The newest beacon of the source.
        var beacon: FeedBeacon?
        var changes: UInt64 = 0
    }

    private let state = Mutex(State())
    private let streamMark = Waiters(reached: UInt64(0))
    private let wakeMark = Waiters(reached: UInt64(0))
    private let now: @Sendable () -> UInt64

    init(now: @escaping @Sendable () -> UInt64) { self.now = now }

    /// Whom this worker follows; `nil` while nobody feeds it.
    var source: NodeID? { state.withLock { $0.follower?.feeding } }
    /// The source at hand.
    var standby: NodeID? { state.withLock { $0.follower?.standby } }
    /// The newest beacon of the source that feeds this worker.
    var beacon: FeedBeacon? { state.withLock { $0.follower?.feeding == nil ? nil : $0.beacon } }
    /// Times that a source was left.
    var changeCount: UInt64 {
        state.withLock { $0.changes + ($0.follower?.changeCount ?? 0) }
    }

    // MARK: - The follower

    /// Begins to follow as this worker.
    func begin(as node: NodeID, seed: UInt64) {
        state.withLock { $0.follower = FeedFollower(node, seed: seed) }
    }

    /// Follows nobody any more.
    func end() {
        let stream = state.withLock { state in
            state.changes += state.follower?.changeCount ?? 0
            state.follower = nil
            state.wanted = []
            return Self.turnedOff(&state)
        }
        streamMark.advance(to: stream)
    }

    func setSources(_ sources: FeedSources) {
        state.withLock { $0.follower?.setSources(sources) }
    }

    func tick() { step { $0.tick(atMS: $1) } }

    func ended(_ ending: FeedFollower.Ending, stream: UInt64) {
        step(of: stream) { $0.ended(ending, atMS: $1) }
    }

    /// An item that is no beacon has come.
    func heard(stream: UInt64) {
        let now = now()
        state.withLock { state in
            if state.stream == stream { state.follower?.heard(atMS: now) }
        }
    }

    /// A beacon has come; when the source said so, by this worker's clock, at the earliest.
    func heard(_ beacon: FeedBeacon, stream: UInt64, askedAtMS: UInt64) -> UInt64? {
        let moment = state.withLock { state -> UInt64? in
            guard state.stream == stream else { return nil }
            state.beacon = beacon
            if state.clock.moment(of: beacon.clockMS) == nil {
                state.clock.asked(atMS: askedAtMS, reading: beacon.clockMS)
            }
            return state.clock.moment(of: beacon.clockMS)
        }
        step(of: stream) { $0.heard(beacon, atMS: $1) }
        return moment
    }

    /// Who was asked has answered, or not.
    func answered(_ node: NodeID, _ offer: FeedOffer?, askedAtMS: UInt64) {
        if let offer {
            state.withLock { state in
                guard state.follower?.feeding == node else { return }
                state.clock.asked(atMS: askedAtMS, reading: offer.clockMS)
            }
        }
        step { $0.answered(node, offer, atMS: $1) }
    }

    // MARK: - What is to be done

    /// What to do next and, for a stream, its number; `nil` if nothing within the time.
    func next(within limit: Timespan) async -> (action: FeedFollower.Action, stream: UInt64)? {
        let seen = wakeMark.reached
        if let action = pop() { return action }
        _ = await wakeMark.wait(for: seen + 1, within: limit)
        return pop()
    }

    /// Waits until a stream is left.
    func untilLeft(stream: UInt64) async {
        while !Task.isCancelled {
            if await streamMark.wait(for: stream + 1, within: .seconds(3600)) { return }
        }
    }

    private func pop() -> (action: FeedFollower.Action, stream: UInt64)? {
        state.withLock { state in
            state.wanted.isEmpty ? nil : (state.wanted.removeFirst(), state.stream)
        }
    }

    // MARK: - Private

    /// Lets the follower take a step; one of a stream only while that is the present one.
    private func step(
        of stream: UInt64? = nil,
        _ body: (inout FeedFollower, UInt64) -> [FeedFollower.Action]
    ) {
        let now = now()
        let reached = state.withLock { state -> UInt64? in
            guard stream == nil || stream == state.stream, var follower = state.follower else {
                return nil
            }
            state.follower = nil  // Not copied while it changes.
            let before = follower.current
            let actions = body(&follower, now)
            let isLeft = follower.current != before || actions.contains(.leave)
            state.follower = follower
            if isLeft { _ = Self.turnedOff(&state) }
            // Whoever is left is not asked for what was wanted of it before.
            if isLeft { state.wanted.removeAll { $0 == .leave || $0.isOpening } }
            state.wanted += actions.filter { $0 != .leave }
            return state.stream
        }
        guard let reached else { return }
        streamMark.advance(to: reached)
        wakeMark.advance(to: wakeMark.reached + 1)
    }

    private static func turnedOff(_ state: inout State) -> UInt64 {
        state.stream += 1
        state.clock = SourceClock()
        state.beacon = nil
        return state.stream
    }
}

extension FeedFollower.Action {
    fileprivate var isOpening: Bool {
        if case .open = self { return true }
        return false
    }
}
