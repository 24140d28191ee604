// SPDX-License-Identifier: Apache-2.0
import ElasticCore
import Primitives
import Synchronization

/// Keeps a worker from fetching by a ring that others have left behind already: ``EpochPatience`` with a
/// clock.
final class EpochGate: Sendable {
    private static let pause = Duration.milliseconds(10)

    private let state = Mutex(EpochPatience())
    /// The newest epoch that this worker knows.
    private let own: @Sendable () -> RingEpoch
    private let start = ContinuousClock.now

    init(own: @escaping @Sendable () -> RingEpoch) { self.own = own }

    private var nowMS: UInt64 { UInt64((ContinuousClock.now - start) / .milliseconds(1)) }

    /// Takes note of the epoch of a request.
    func heard(_ epoch: RingEpoch) {
        state.withLock { $0.heard(epoch, own: own(), nowMS: nowMS) }
    }

    /// Whether this worker should rather not fetch yet.
    var isBehind: Bool {
        state.withLock { $0.isBehind(own: own(), nowMS: nowMS) }
    }

    /// Waits until this worker has caught up, or long enough.
    func pass() async {
        while isBehind, !Task.isCancelled {
            try? await Task.sleep(for: Self.pause)
        }
    }
}
