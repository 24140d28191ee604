// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
package import Codecs
package import PlacementCore
package import Primitives

/// How many workers of a region keep each page: the most that any mount of its origin asks for.
package struct ReplicaCounts: Equatable, Sendable {
    /// Only where it is more than one.
    private var counts: [OriginID: Int] = [:]

    package init(_ catalog: Catalog, region: String) {
        for entry in catalog.mounts() where entry.mount.replicas > 1 {
            guard let origin = catalog.resolve(entry.path, region: region)?.originID else {
                continue
            }
            counts[origin] = max(counts[origin] ?? 1, Int(entry.mount.replicas))
        }
    }

    package func count(of origin: OriginID) -> Int { counts[origin] ?? 1 }

    /// Whether every page is kept by one worker.
    package var areAllOne: Bool { counts.isEmpty }
}

extension PageOfferUnit {
    package var placement: PlacementKey {
        PlacementKey(origin: object.origin, key: object.key, unit: unit)
    }
}
