// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives

/// In one stream revisions never go back.
struct WatchesOrdered: WatchInvariant {
    private var last = [Revision](repeating: .zero, count: World.watcherCount)

    mutating func violation(in told: WatchedEvents, of world: World) -> String? {
        if told.beginning != nil { last[told.watcher] = .zero }
        for case .change(let change) in told.events {
            if change.revision < last[told.watcher] {
                return "\(change.revision) after \(last[told.watcher])"
            }
            last[told.watcher] = change.revision
        }
        return nil
    }
}
