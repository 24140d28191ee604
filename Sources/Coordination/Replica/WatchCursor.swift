// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Primitives
import Synchronization

/// One watcher's place in the history.
///
/// The watcher pulls: nothing is buffered for it, so a slow one costs the others nothing, and is cut
/// off only when the history it still needs is gone. Thousands wait here at a time, so a wait is made
/// of as little as possible: no task and no actor of its own.
///
/// Invariants: revisions never go back; all changes of a revision come together; a progress event for
/// R comes after every change ≤ R.
package final class WatchCursor: WatchStream {
    private struct State {
        var next: Revision
        /// The state asked for, until it is read.
        var beginning: [WatchEvent]
        var hasEnded = false
        /// The wait under way.
        var arrival: Waiters<Revision>.Arrival?
    }

    private let replica: CatalogReplica
    private let prefix: ByteString
    private let state: Mutex<State>

    /// Longest silence: then a progress event says that nothing happened.
    private static let progressInterval = Timespan(milliseconds: 3000)
    private static let batch = 512

    package init(replica: CatalogReplica, request: WatchRequest) {
        self.replica = replica
        prefix = request.prefix
        let catalog = replica.catalog
        state = Mutex(
            State(
                next: request.from ?? catalog.revision.next,
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
            let events = isThere ? read(from: next) : progress(before: next)
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
            return (state.next, arrival)
        }
    }

    // MARK: - Reading

    private func progress(before next: Revision) -> [WatchEvent] {
        let revision = replica.catalog.revision
        let hasEnded = state.withLock { $0.hasEnded }
        return revision < next && !hasEnded ? [.progress(revision)] : []
    }

    private func read(from next: Revision) -> [WatchEvent] {
        switch replica.changes(from: next, limit: Self.batch) {
        case .compacted:
            state.withLock { $0.hasEnded = true }
            return [.closed(resumeFrom: next)]
        case .slice(let changes):
            var events = Self.events(changes.filter { $0.key.hasPrefix(prefix) })
            guard let last = changes.last?.revision else { return events }
            events.append(.progress(last))
            state.withLock { $0.next = last.next }
            return events
        }
    }

    /// `hasMore` made true again for what the prefix lets through.
    private static func events(_ changes: [CatalogChange]) -> [WatchEvent] {
        changes.indices.map { index in
            let change = changes[index]
            let isFollowed =
                index + 1 < changes.count && changes[index + 1].revision == change.revision
            return .change(
                CatalogChange(
                    revision: change.revision,
                    key: change.key,
                    value: change.value,
                    hasMore: isFollowed
                )
            )
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
