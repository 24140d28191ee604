// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// Workers that did not answer lately, so that the next reader does not wait for them too.
///
/// A suspicion lasts one second, doubling with each failure in a row up to eight, and ends at once
/// when the worker answers. Bounded by the number of workers.
package struct Suspicions: Sendable {
    private struct Suspicion: Sendable {
        var failures: Int
        var untilMS: UInt64
    }

    private var suspicions: [NodeID: Suspicion] = [:]

    package init() {}

    package var isEmpty: Bool { suspicions.isEmpty }

    package func contains(_ node: NodeID, atMS nowMS: UInt64) -> Bool {
        (suspicions[node]?.untilMS ?? 0) > nowMS
    }

    package mutating func failed(_ node: NodeID, atMS nowMS: UInt64) {
        let failures = min((suspicions[node]?.failures ?? 0) + 1, 4)
        suspicions[node] = Suspicion(
            failures: failures,
            untilMS: nowMS + 500 << UInt64(failures)
        )
    }

    package mutating func answered(_ node: NodeID) {
        if !suspicions.isEmpty { suspicions[node] = nil }
    }

    /// The same workers, those in doubt last; the order is kept otherwise.
    package func ordered(
        _ workers: [WorkerTarget],
        atMS nowMS: UInt64,
        isDoubted: (NodeID) -> Bool
    ) -> [WorkerTarget] {
        var trusted: [WorkerTarget] = []
        var doubted: [WorkerTarget] = []
        for worker in workers {
            if isDoubted(worker.node) || contains(worker.node, atMS: nowMS) {
                doubted.append(worker)
            } else {
                trusted.append(worker)
            }
        }
        return trusted + doubted
    }
}
