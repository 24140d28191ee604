// SPDX-License-Identifier: Apache-2.0
import Primitives
import Synchronization

/// Keeps a worker from fetching by a ring that others have left behind already.
///
/// ```
///   a request of epoch 8 ──▶ heard 8 ── own epoch 7: behind ──┬─ own epoch 8: on
///                                                            └─ 2 s: on all the same
/// ```
///
/// The worker that fills by epoch 8 has asked this one and was told that nothing is here; from then on
/// this one would fetch a second time what that one fetches now.
///
/// Invariant: nobody is held up for longer than ``patience`` from when an epoch was heard of; after one
/// that never came nobody is held up for ``deafness``, whatever is heard.
final class EpochGate: Sendable {
    static let patience = Duration.seconds(2)
    static let deafness = Duration.seconds(20)
    private static let pause = Duration.milliseconds(10)

    private struct State {
        var heard = RingEpoch.zero
        var until: ContinuousClock.Instant?
        var deafUntil: ContinuousClock.Instant?
    }

    private let state = Mutex(State())
    /// The newest epoch that this worker knows.
    private let own: @Sendable () -> RingEpoch

    init(own: @escaping @Sendable () -> RingEpoch) { self.own = own }

    /// Takes note of the epoch of a request.
    func heard(_ epoch: RingEpoch) {
        state.withLock { state in
            guard epoch > own(), state.until == nil || epoch > state.heard else { return }
            if let deafUntil = state.deafUntil, .now < deafUntil { return }
            state.heard = epoch
            state.until = .now + Self.patience
        }
    }

    /// Whether this worker should rather not fetch yet.
    var isBehind: Bool {
        state.withLock { state in
            guard let until = state.until else { return false }
            guard own() < state.heard else {
                state.until = nil
                return false
            }
            guard .now < until else {
                state.until = nil
                state.deafUntil = .now + Self.deafness
                return false
            }
            return true
        }
    }

    /// Waits until this worker has caught up, or long enough.
    func pass() async {
        while isBehind, !Task.isCancelled {
            try? await Task.sleep(for: Self.pause)
        }
    }
}
