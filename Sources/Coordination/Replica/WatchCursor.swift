// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Primitives

/// One watcher's place in the history.
///
/// The watcher pulls: nothing is buffered for it, so a slow one costs the others nothing, and is cut
/// off only when the history it still needs is gone.
///
/// Invariants: revisions never go back; all changes of a revision come together; a progress event for
/// R comes after every change ≤ R.
package actor WatchCursor {
    private let replica: CatalogReplica
    private let prefix: ByteString
    private var next: Revision
    private var ready: ArraySlice<WatchEvent> = []
    private var isClosed = false

    /// Longest silence: then a progress event says that nothing happened.
    private static let progressInterval = Timespan(milliseconds: 3000)
    private static let batch = 512

    package init(replica: CatalogReplica, request: WatchRequest) {
        self.replica = replica
        prefix = request.prefix
        let catalog = replica.catalog
        if let from = request.from {
            next = from
        } else {
            next = catalog.revision.next
            if request.includesState {
                ready = Self.state(of: catalog, prefix: request.prefix)[...]
            }
        }
    }

    /// The next event; `nil` after `.closed` or when cancelled.
    package func event() async -> WatchEvent? {
        while ready.isEmpty {
            guard !isClosed, !Task.isCancelled else { return nil }
            await load()
        }
        return ready.popFirst()
    }

    private func load() async {
        guard await replica.wait(for: next, within: Self.progressInterval) else {
            let revision = replica.catalog.revision
            if revision < next { ready = [.progress(revision)] }
            return
        }
        switch replica.changes(from: next, limit: Self.batch) {
        case .compacted:
            ready = [.closed(resumeFrom: next)]
            isClosed = true
        case .slice(let changes):
            let wanted = changes.filter { $0.key.hasPrefix(prefix) }
            ready = Self.events(wanted)[...]
            guard let last = changes.last?.revision else { return }
            ready.append(.progress(last))
            next = last.next
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
