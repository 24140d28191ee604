// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives

/// A progress mark is final: it never goes back in its stream, speaks of nothing that the node has
/// not, and nothing at or before it is told behind it, in this stream or a later one.
struct WatchesBookmarkable: WatchInvariant {
    /// The newest mark of each watcher's stream, and of all its streams.
    private var mark = [Revision](repeating: .zero, count: World.watcherCount)
    private var newest = [Revision](repeating: .zero, count: World.watcherCount)

    mutating func violation(in told: WatchedEvents, of world: World) -> String? {
        if told.beginning != nil { mark[told.watcher] = .zero }
        for event in told.events {
            switch event {
            case .state, .closed: break
            case .change(let change):
                if change.revision <= newest[told.watcher] {
                    return "\(change.revision) behind the mark \(newest[told.watcher])"
                }
            case .progress(let revision):
                if revision < mark[told.watcher] {
                    return "mark \(revision) behind mark \(mark[told.watcher])"
                }
                if revision > told.head { return "mark \(revision), the node is at \(told.head)" }
                mark[told.watcher] = revision
                newest[told.watcher] = max(newest[told.watcher], revision)
            }
        }
        return nil
    }
}
