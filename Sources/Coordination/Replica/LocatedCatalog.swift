// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
package import Primitives
import Synchronization

/// The catalog with every worker where it was last heard from, made anew only when that changes.
///
/// A cluster whose workers got new addresses is found again at once, without a change of the catalog:
/// restarting everything elsewhere leaves the revision as it was.
package final class LocatedCatalog: Sendable {
    private struct Known {
        let revision: Revision
        /// A catalog that was made anew may hold something else at the same revision.
        let digest: UInt64
        let generation: UInt64
        let view: Catalog
    }

    private struct State {
        /// Addresses that differ, or once differed, from the catalog's; one a worker.
        var heard: [NodeID: WorkerAddresses] = [:]
        var generation: UInt64 = 0
        var known: Known?
    }

    private let state = Mutex(State())

    package init() {}

    /// A worker said where it listens.
    package func heard(_ node: NodeID, at addresses: WorkerAddresses) {
        state.withLock { state in
            guard state.heard[node] != addresses else { return }
            state.heard[node] = addresses
            state.generation += 1
        }
    }

    package func view(of catalog: Catalog) -> Catalog {
        state.withLock { state in
            if let known = state.known, known.revision == catalog.revision,
                known.digest == catalog.entriesDigest, known.generation == state.generation
            {
                return known.view
            }
            let moved = state.heard
                .filter { catalog.worker(id: $0.key).map(\.addresses) != $0.value }
                .map { (node: $0.key, addresses: $0.value) }
            let view = moved.isEmpty ? catalog : catalog.located(moved)
            state.known = Known(
                revision: catalog.revision,
                digest: catalog.entriesDigest,
                generation: state.generation,
                view: view
            )
            return view
        }
    }
}
