// SPDX-License-Identifier: Apache-2.0
package import ElasticCore
package import Primitives
import Synchronization

/// The ``Suspicions`` that everybody in a process shares who asks workers.
package final class SuspectList: Sendable {
    private let suspicions = Mutex(Suspicions())
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
        isDoubted(node) || suspicions.withLock { !$0.isEmpty && $0.contains(node, atMS: now()) }
    }

    /// Whether gossip doubts it, whatever was seen of it here.
    package func isDoubtedByOthers(_ node: NodeID) -> Bool { isDoubted(node) }

    package func failed(_ node: NodeID) {
        suspicions.withLock { $0.failed(node, atMS: now()) }
    }

    package func answered(_ node: NodeID) {
        suspicions.withLock { $0.answered(node) }
    }

    /// The same workers, those in doubt last; the order is kept otherwise.
    ///
    /// As of one moment: a suspicion that ends meanwhile must not lose or double a worker.
    package func ordered(_ workers: [WorkerTarget]) -> [WorkerTarget] {
        suspicions.withLock { suspicions in
            guard !suspicions.isEmpty || workers.contains(where: { isDoubted($0.node) }) else {
                return workers
            }
            return suspicions.ordered(workers, atMS: now(), isDoubted: isDoubted)
        }
    }
}
