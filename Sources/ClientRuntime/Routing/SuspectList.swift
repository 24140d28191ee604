// SPDX-License-Identifier: Apache-2.0
package import Primitives
import Synchronization

/// Workers that did not answer lately, so that the next reader does not wait for them too.
///
/// A suspicion lasts one second, doubling with each failure in a row up to eight, and ends at once
/// when the worker answers. Bounded by the number of workers.
package final class SuspectList: Sendable {
    private struct Suspicion {
        var failures: Int
        var untilMS: UInt64
    }

    private let suspicions = Mutex<[NodeID: Suspicion]>([:])
    private let now: @Sendable () -> UInt64
    /// Whom others doubt, whatever we have seen ourselves.
    private let isDoubted: @Sendable (NodeID) -> Bool

    /// A list without anybody on it.
    ///
    /// - Parameters:
    ///   - now: Milliseconds of a clock that never goes back.
    ///   - isDoubted: Whom gossip suspects, or holds dead; asked for every page.
    package init(
        now: @escaping @Sendable () -> UInt64,
        isDoubted: @escaping @Sendable (NodeID) -> Bool = { _ in false }
    ) {
        self.now = now
        self.isDoubted = isDoubted
    }

    package func isSuspect(_ node: NodeID) -> Bool {
        isDoubted(node) || suspicions.withLock { ($0[node]?.untilMS ?? 0) > now() }
    }

    /// Whether gossip doubts it, whatever was seen of it here.
    package func isDoubtedByOthers(_ node: NodeID) -> Bool { isDoubted(node) }

    package func failed(_ node: NodeID) {
        suspicions.withLock { suspicions in
            let failures = min((suspicions[node]?.failures ?? 0) + 1, 4)
            suspicions[node] = Suspicion(
                failures: failures,
                untilMS: now() + 500 << UInt64(failures)
            )
        }
    }

    package func answered(_ node: NodeID) {
        suspicions.withLock { suspicions in
            if !suspicions.isEmpty { suspicions[node] = nil }
        }
    }

    /// The same workers, those in doubt last; the order is kept otherwise.
    ///
    /// As of one moment: a suspicion that ends meanwhile must not lose or double a worker.
    package func ordered(_ workers: [WorkerTarget]) -> [WorkerTarget] {
        suspicions.withLock { suspicions in
            let doubts = workers.map { isDoubted($0.node) }
            guard !suspicions.isEmpty || doubts.contains(true) else { return workers }
            let now = now()
            var trusted: [WorkerTarget] = []
            var doubted: [WorkerTarget] = []
            for (worker, isDoubted) in zip(workers, doubts) {
                if isDoubted || (suspicions[worker.node]?.untilMS ?? 0) > now {
                    doubted.append(worker)
                } else {
                    trusted.append(worker)
                }
            }
            return trusted + doubted
        }
    }
}
