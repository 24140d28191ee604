// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives

/// Wherever a stream ends, one that begins with the revision it named loses nothing, and it is closed
/// only where what comes next is gone.
struct WatchesResumable: WatchInvariant {
    /// The first revision that each watcher was not told, over all its streams.
    private var missing = [Revision?](repeating: nil, count: World.watcherCount)

    mutating func violation(in told: WatchedEvents, of world: World) -> String? {
        if let beginning = told.beginning {
            if beginning.isResumed, let missing = missing[told.watcher], beginning.from != missing {
                return "goes on from \(beginning.from), \(missing) is the first it lacks"
            }
            missing[told.watcher] = beginning.from
        }
        for event in told.events {
            switch event {
            case .state, .change: break
            case .progress(let mark): note(mark.next, told.watcher)
            case .closed(let next):
                if let missing = missing[told.watcher], next != missing {
                    return "is sent on from \(next), \(missing) is the first it lacks"
                }
                if next >= told.oldest { return "is closed at \(next), which is still there" }
            }
        }
        return nil
    }

    private mutating func note(_ next: Revision, _ watcher: Int) {
        missing[watcher] = max(missing[watcher] ?? next, next)
    }
}
