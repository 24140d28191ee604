// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives

/// The changes of a revision come together, and all but the last say that more follow.
struct WatchesAtomic: WatchInvariant {
    mutating func violation(in told: WatchedEvents, of world: World) -> String? {
        for (position, event) in told.events.enumerated() {
            guard case .change(let change) = event else { continue }
            var following: Revision?
            if position + 1 < told.events.count,
                case .change(let next) = told.events[position + 1]
            {
                following = next.revision
            }
            guard change.hasMore == (following == change.revision) else {
                return "\(change.revision) says more=\(change.hasMore)"
            }
        }
        return nil
    }
}
