// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import ElasticCore
import Primitives
import Synchronization

/// The counts of the newest catalog that somebody asked about: made once a revision.
final class KnownReplicas: Sendable {
    private let known = Mutex<(revision: Revision, counts: ReplicaCounts)?>(nil)

    func counts(_ catalog: Catalog, region: String) -> ReplicaCounts {
        known.withLock { known in
            if let known, known.revision == catalog.revision { return known.counts }
            let counts = ReplicaCounts(catalog, region: region)
            known = (catalog.revision, counts)
            return counts
        }
    }
}
