// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives

/// At most four epochs behind a ring are not settled, and epochs follow one another.
struct FewUnsettledEpochs: ElasticInvariant {
    private static let limit = 4
    private var epochs: [String: RingEpoch] = [:]

    mutating func violation(after fact: ElasticFact, in world: ElasticWorld) -> String? {
        guard case .committed = fact else { return nil }
        for ring in world.log.catalog.rings {
            let before = epochs[ring.region] ?? .zero
            epochs[ring.region] = ring.epoch
            guard ring.previous.count <= Self.limit else {
                return "\(ring.previous.count) epochs of \(ring.region) are not settled"
            }
            guard before == .zero || ring.epoch == before || ring.epoch == before.next else {
                return "\(ring.region) went from epoch \(before) to \(ring.epoch)"
            }
        }
        return nil
    }
}
