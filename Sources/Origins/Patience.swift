// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// When a call must have ended: at its deadline, or later while the body of its answer keeps coming.
///
///     began ──deadline──▶ head ──window──▶ progress ──window──▶ progress … at most longestCall
///
/// On a thin link many answers share what there is: one that moves is let finish, one that
/// trickles is not.
final class Patience: Sendable {
    let deadline: Deadline
    private let limits: OriginLimits
    private let state: Mutex<State>

    private struct State {
        var end: ContinuousClock.Instant
        /// Bytes since the end was moved.
        var byteCount = 0
    }

    init(_ limits: OriginLimits) {
        self.limits = limits
        deadline = Deadline(limits.deadline)
        state = Mutex(State(end: deadline.end))
    }

    /// Ends at the deadline: for calls whose answer comes at once or not at all.
    init(_ deadline: Deadline) {
        limits = OriginLimits()
        self.deadline = deadline
        state = Mutex(State(end: deadline.end))
    }

    var end: ContinuousClock.Instant { state.withLock(\.end) }

    /// Whether it is over.
    var isOver: Bool { end <= .now }

    /// An answer's head came: its body has a window for its first bytes.
    func headArrived() { state.withLock { moveOn(&$0) } }

    /// Bytes of a body came.
    func received(byteCount: Int) {
        state.withLock { state in
            state.byteCount += byteCount
            if state.byteCount >= limits.bodyProgress { moveOn(&state) }
        }
    }

    private func moveOn(_ state: inout State) {
        state.byteCount = 0
        let window = min(limits.bodyWindow, limits.deadline)
        state.end = max(
            state.end,
            min(.now + window, deadline.start + max(limits.longestCall, limits.deadline))
        )
    }
}
