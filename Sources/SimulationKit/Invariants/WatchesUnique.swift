// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives

/// No change is told twice, also when a watcher goes on at another node.
struct WatchesUnique: WatchInvariant {
    private struct Place: Hashable, Sendable {
        let revision: Revision
        let key: ByteString
    }

    /// What each watcher was told of its newest revision; older ones are told no more, see
    /// ``WatchesOrdered``, unless a new stream begins with them.
    private var newest = [Set<Place>](repeating: [], count: World.watcherCount)
    private var newestRevision = [Revision](repeating: .zero, count: World.watcherCount)

    mutating func violation(in told: WatchedEvents, of world: World) -> String? {
        for case .change(let change) in told.events {
            let before = newestRevision[told.watcher]
            if change.revision < before { return "\(change.revision) again, \(before) was told" }
            if change.revision > before {
                newestRevision[told.watcher] = change.revision
                newest[told.watcher] = []
            }
            let place = Place(revision: change.revision, key: change.key)
            guard newest[told.watcher].insert(place).inserted else {
                return "a change of \(change.revision) twice"
            }
        }
        return nil
    }
}
