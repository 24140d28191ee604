// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives

/// Between the first revision asked for and each progress mark nothing is missing, and what is told
/// was committed.
struct WatchesReliable: WatchInvariant {
    /// Everything before it was told, as it was committed.
    private var expected = [Revision](repeating: .zero, count: World.watcherCount)

    mutating func violation(in told: WatchedEvents, of world: World) -> String? {
        if let beginning = told.beginning { expected[told.watcher] = beginning.from }
        var waiting: [CatalogChange] = []
        for event in told.events {
            switch event {
            case .state, .closed: break
            case .change(let change): waiting.append(change)
            case .progress(let mark):
                guard mark >= expected[told.watcher] else { break }
                if let problem = difference(waiting, through: mark, told, world) {
                    return problem
                }
                waiting = []
                expected[told.watcher] = mark.next
            }
        }
        return waiting.isEmpty ? nil : "changes of \(waiting[0].revision) without a mark"
    }

    /// What was told and what was committed, up to a mark, one beside the other.
    private func difference(
        _ waiting: [CatalogChange],
        through mark: Revision,
        _ told: WatchedEvents,
        _ world: World
    ) -> String? {
        var count = 0
        for revision in expected[told.watcher].rawValue...mark.rawValue {
            for change in world.chronicle.changes(of: Revision(revision))
            where change.key.hasPrefix(told.prefix) {
                guard count < waiting.count, waiting[count].revision == change.revision,
                    waiting[count].key == change.key, waiting[count].value == change.value
                else { return "a change of \(revision) is not there before the mark \(mark)" }
                count += 1
            }
        }
        return count == waiting.count
            ? nil : "\(waiting.count) changes up to \(mark), \(count) were committed"
    }
}
