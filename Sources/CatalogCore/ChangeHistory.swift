// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// The newest changes, for watches that begin in the past.
///
///     compacted │ oldest ………………………… newest │ to come
///               └─ at least 100,000 revisions or 64 MiB ─┘
///
/// Part of a replica, not of its snapshot: a replica that installed a snapshot starts empty, and its
/// watchers load the state first. The oldest revision leaves, whole, as soon as what remains still
/// meets one of the two bounds.
package struct ChangeHistory: Sendable {
    /// What there is to read from a revision on.
    package enum Reading: Hashable, Sendable {
        /// Too old: `oldest` is the first revision that can still be read.
        case compacted(oldest: Revision)
        /// Whole revisions, oldest first; empty when nothing that new has happened yet.
        case slice([CatalogChange])
    }

    /// Revisions that are enough.
    package let revisionLimit: Int
    /// Bytes of keys and values, encoded, that are enough.
    package let byteLimit: Int

    /// Before `start`: already given up.
    private var changes: [PackedChange] = []
    private var start = 0
    private var revisionCount = 0
    private var byteCount = 0
    /// Newest revision added, or that of the snapshot.
    package private(set) var newest: Revision

    /// An empty history: everything up to and with `revision` counts as compacted.
    package init(
        after revision: Revision = .zero,
        revisionLimit: Int = 100_000,
        byteLimit: Int = 64 << 20
    ) {
        newest = revision
        self.revisionLimit = max(1, revisionLimit)
        self.byteLimit = max(1, byteLimit)
    }

    /// The first revision that ``changes(from:limit:)`` can start with.
    package var oldest: Revision {
        start < changes.count ? changes[start].revision : newest.next
    }

    /// Takes over the changes of one applied command; nothing for a refusal.
    ///
    /// Their revision must be newer than every one before.
    package mutating func append(_ added: [CatalogChange]) {
        guard let revision = added.first?.revision else { return }
        precondition(revision > newest, "history at \(newest) is given \(revision) again")
        for change in added {
            let packed = PackedChange(change)
            changes.append(packed)
            byteCount += packed.byteCount
        }
        newest = revision
        revisionCount += 1
        trim()
    }

    /// Reads changes of `revision` and later.
    ///
    /// At least `limit` changes where there are that many, ending with a whole revision. O(log n).
    /// Where memory has changed one of them, all are compacted: a watcher loads the state anew.
    package func changes(from revision: Revision, limit: Int = .max) -> Reading {
        guard revision >= oldest || revision.rawValue == 0 && oldest.rawValue == 1 else {
            return .compacted(oldest: oldest)
        }
        let first = firstPosition(notBefore: revision)
        var end = first
        while end < changes.count {
            let isNewRevision =
                end == first || changes[end].revision != changes[end - 1].revision
            if isNewRevision, end - first >= limit { break }
            end += 1
        }
        let slice = changes[first..<end].compactMap(\.change)
        guard slice.count == end - first else { return .compacted(oldest: newest.next) }
        return .slice(slice)
    }

    // MARK: - Private

    private func firstPosition(notBefore revision: Revision) -> Int {
        var low = start
        var high = changes.count
        while low < high {
            let middle = (low + high) / 2
            if changes[middle].revision < revision {
                low = middle + 1
            } else {
                high = middle
            }
        }
        return low
    }

    /// Gives up whole revisions from the front while the rest still meets one of the bounds.
    private mutating func trim() {
        // Most often neither bound is met even with everything.
        while revisionCount > 1, revisionCount > revisionLimit || byteCount >= byteLimit {
            let end = firstPosition(notBefore: changes[start].revision.next)
            let oldestByteCount = changes[start..<end].reduce(0) { $0 + $1.byteCount }
            guard revisionCount > revisionLimit || byteCount - oldestByteCount >= byteLimit
            else { break }
            byteCount -= oldestByteCount
            revisionCount -= 1
            start = end
        }
        // Moving the rest down costs as much as what is given up: constant per change over time.
        if start > changes.count / 2 {
            changes.removeFirst(start)
            start = 0
        }
    }
}
