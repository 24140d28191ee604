// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// What a watcher is told, one line each.
package enum WatchEvent: Sendable, Hashable {
    /// A live key and its value at the revision of the progress event that follows the last one.
    case state(key: ByteString, value: CatalogValue, revision: Revision)
    case change(CatalogChange)
    /// Everything up to and including this revision was sent.
    case progress(Revision)
    /// The watcher was too slow: go on from here.
    case closed(resumeFrom: Revision)
}

/// One watcher's place in the history, and what it is told of what it finds there.
///
/// Invariants:
/// 1. ``next`` never goes back: revisions are told in order, and once.
/// 2. All changes of a revision are told together, all but the last with more to follow.
/// 3. A progress event for R comes after every change ≤ R.
/// 4. Nothing is told behind a `closed`, which names ``next``.
package struct WatchPlace: Sendable {
    /// Only keys that begin with this.
    package let prefix: ByteString
    /// The first revision that was not told.
    package private(set) var next: Revision
    package private(set) var isClosed = false

    package init(next: Revision, prefix: ByteString) {
        self.next = next
        self.prefix = prefix
    }

    /// What the history has from ``next`` on, as whole revisions; nothing where that is to come.
    package mutating func take(_ reading: ChangeHistory.Reading) -> [WatchEvent] {
        guard !isClosed else { return [] }  // Invariant 4.
        switch reading {
        case .compacted:
            isClosed = true
            return [.closed(resumeFrom: next)]
        case .slice(let changes):
            guard let last = changes.last?.revision else { return [] }
            precondition(next <= changes[0].revision, "at \(next), given \(changes[0].revision)")
            next = last.next  // Invariant 1.
            let wanted = changes.filter { $0.key.hasPrefix(prefix) }
            return Self.events(wanted) + [.progress(last)]  // Invariant 3.
        }
    }

    /// What to say when nothing happened for long: that nothing did, up to `head`.
    package func silence(head: Revision) -> [WatchEvent] {
        head < next && !isClosed ? [.progress(head)] : []
    }

    /// Invariant 2: `hasMore` made true again for what the prefix lets through.
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
}
