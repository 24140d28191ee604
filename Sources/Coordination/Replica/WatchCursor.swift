// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
import Primitives
import Synchronization

/// One watcher's place in the history.
///
/// The watcher pulls: nothing is buffered for it, so a slow one costs the others nothing, and is cut
/// off only when the history it still needs is gone. Thousands wait here at a time, so a wait is made
/// of as little as possible: no task and no actor of its own. What it is told is ``WatchPlace``'s.
package final class WatchCursor: WatchStream {
    private struct State {
        var place: WatchPlace
        /// The state asked for, until it is read.
        var beginning: [WatchEvent]
        var hasEnded = false
        /// The wait under way.
        var arrival: Waiters<Revision>.Arrival?
    }

    private let replica: CatalogReplica
    private let state: Mutex<State>

    /// Longest silence: then a progress event says that nothing happened.
    private static let progressInterval = Timespan(milliseconds: 3000)
    private static let batch = 512

    package init(replica: CatalogReplica, request: WatchRequest) {
        self.replica = replica
        let catalog = replica.catalog
        state = Mutex(
            State(
                place: WatchPlace(
                    next: request.from ?? catalog.revision.next,
                    prefix: request.prefix
                ),
                beginning: request.includesState && request.from == nil
                    ? Self.state(of: catalog, prefix: request.prefix) : []
            )
        )
    }

    package func events() async -> [WatchEvent]? {
        if let beginning = takeBeginning() { return beginning }
        while !Task.isCancelled, let (next, arrival) = arrive() {
            let isThere = await replica.revisions.wait(
                for: next,
                within: Self.progressInterval,
                as: arrival
            )
            let events = isThere ? read() : silence()
            if !events.isEmpty { return events }
        }
        return nil
    }

    package func end() {
        let arrival = state.withLock { state in
            state.hasEnded = true
            return state.arrival.take()
        }
        if let arrival { replica.revisions.dismiss(arrival) }
    }

    // MARK: - Waiting

    private func takeBeginning() -> [WatchEvent]? {
        state.withLock { state in
            guard !state.hasEnded, !state.beginning.isEmpty else { return nil }
            defer { state.beginning = [] }
            return state.beginning
        }
    }

    /// `nil`: it has ended.
    private func arrive() -> (next: Revision, arrival: Waiters<Revision>.Arrival)? {
        state.withLock { state in
            guard !state.hasEnded else { return nil }
            let arrival = replica.revisions.arrive()
            state.arrival = arrival
            return (state.place.next, arrival)
        }
    }

    // MARK: - Reading

    private func silence() -> [WatchEvent] {
        let head = replica.catalog.revision
        return state.withLock { $0.hasEnded ? [] : $0.place.silence(head: head) }
    }

    private func read() -> [WatchEvent] {
        state.withLock { state in
            let events = state.place.take(
                replica.changes(from: state.place.next, limit: Self.batch)
            )
            if state.place.isClosed { state.hasEnded = true }
            return events
        }
    }

    private static func state(of catalog: Catalog, prefix: ByteString) -> [WatchEvent] {
        let revision = catalog.revision
        var events = catalog.liveKeys(prefix: prefix).compactMap { live in
            live.value.map { WatchEvent.state(key: live.key, value: $0, revision: live.revision) }
        }
        events.append(.progress(revision))
        return events
    }
}
