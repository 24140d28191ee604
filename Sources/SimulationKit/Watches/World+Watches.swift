// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives
import RaftCore

/// Who watches the nodes; takes no part in what happens.
extension World {
    static let watcherCount = 2
    private static let batch = 8

    /// Lets watchers look at a node that has just applied something.
    mutating func watch(_ node: Int) {
        guard !nodes[node].isRebuilding else { return }
        looks += 1
        // Each of them every other time: enough to meet everything, and half the cost.
        for watcher in watchers.indices where (watcher + looks) % Self.watcherCount == 0 {
            if watchers[watcher].stream == nil, watchers[watcher].chance(percent: 30) {
                begin(watcher, at: node)
            }
            guard let stream = watchers[watcher].stream else { continue }
            let isThere = nodes[stream.node].lives(stream.life)
            if stream.node == node, isThere {
                look(watcher)
            } else if !isThere {
                watchers[watcher].stream = nil
            }
        }
    }

    private mutating func begin(_ watcher: Int, at node: Int) {
        let known = watchers[watcher].resumeFrom
        let resumeFrom = watchers[watcher].beginsAnew ? nil : known
        // Anew, but at nothing older than it was told: clients name the revision they have seen.
        let head = nodes[node].machine.revision
        let from = resumeFrom ?? max(head.next, known ?? .zero)
        watchers[watcher].resumeFrom = from
        watchers[watcher].beginsAnew = false
        watchers[watcher].stream = SimulatedWatcher.Stream(
            node: node,
            life: nodes[node].life,
            place: WatchPlace(next: from, prefix: watchers[watcher].prefix)
        )
        tally.watches += 1
        note(
            [],
            of: watcher,
            node,
            beginning: .init(from: from, isResumed: resumeFrom != nil)
        )
    }

    private mutating func look(_ watcher: Int) {
        guard watchers[watcher].naps == 0 else {
            watchers[watcher].naps -= 1
            return
        }
        guard var stream = watchers[watcher].stream else { return }
        let head = nodes[stream.node].machine.revision
        let events =
            stream.place.next > head
            ? stream.place.silence(head: head)
            : stream.place.take(
                nodes[stream.node].machine.changes(from: stream.place.next, limit: Self.batch)
            )
        watchers[watcher].stream = stream
        note(events, of: watcher, stream.node, beginning: nil)
        follow(events, watcher)
        if watchers[watcher].chance(percent: 1) { watchers[watcher].nap() }
        if watchers[watcher].chance(percent: 1) { watchers[watcher].stream = nil }
    }

    /// What a client keeps of what it was told.
    private mutating func follow(_ events: [WatchEvent], _ watcher: Int) {
        for event in events {
            switch event {
            case .state, .change: break
            case .progress(let revision):
                watchers[watcher].resumeFrom = max(
                    watchers[watcher].resumeFrom ?? .zero,
                    revision.next
                )
            case .closed:
                // Production answers the next attempt with `compacted`; it begins anew.
                tally.closedWatches += 1
                watchers[watcher].stream = nil
                watchers[watcher].beginsAnew = true
            }
        }
        tally.watchedEvents += events.count
    }

    private mutating func note(
        _ events: [WatchEvent],
        of watcher: Int,
        _ node: Int,
        beginning: WatchedEvents.Beginning?
    ) {
        guard !events.isEmpty || beginning != nil else { return }
        watched.append(
            WatchedEvents(
                watcher: watcher,
                node: node,
                prefix: watchers[watcher].prefix,
                beginning: beginning,
                head: nodes[node].machine.revision,
                oldest: nodes[node].machine.oldest,
                events: events
            )
        )
    }
}
