// SPDX-License-Identifier: Apache-2.0
package import ClientRuntime
package import Primitives

/// One open directory as a sequence of entries with stable numbers, read page by page.
///
///     anchors   0 ─────── 1000 ─────── 2000 ───────▶ …      number and cursor where each page starts
///     loaded              [ page 1 ]   [ page 2 ]           the last few pages, entries and all
///
/// `seekdir` may return to any number that was given out. Keeping every entry for that would cost
/// tens of MiB in a large directory; an anchor per page costs a name per thousand entries, and a
/// page that is no longer loaded is listed again from its anchor.
///
/// Invariants:
/// 1. `anchors[0]` is the start, and `firstIndex` never decreases along `anchors`.
/// 2. At most ``windowPages`` pages are loaded.
/// 3. Once `end` is known it is at or behind the last anchor, and nothing is at or behind it.
package struct DirectoryPages: Sendable {
    /// Entries asked for at a time.
    package static let pageEntries = 1000
    /// Pages kept with their entries.
    package static let windowPages = 4

    /// What is known about an entry and those behind it.
    package enum Lookup: Hashable, Sendable {
        /// Entries in order; the first one has the number `firstIndex`.
        case entries(ArraySlice<DirectoryEntry>, firstIndex: Int)
        case missing(PageRequest)
        case end
    }

    /// A page to list, and what to hand back with it.
    package struct PageRequest: Hashable, Sendable {
        /// Number of the page, from 0.
        package let page: Int
        /// Cursor of the last entry before the page; `nil` for the first page.
        package let after: ByteString?
        fileprivate let generation: Int
    }

    private struct Anchor: Sendable {
        let firstIndex: Int
        let after: ByteString?
    }

    private var anchors = [Anchor(firstIndex: 0, after: nil)]
    private var loaded: [(page: Int, entries: [DirectoryEntry])] = []
    private var end: Int?
    private var generation = 0

    /// A directory of which nothing is known yet.
    package init() {}

    /// Pages that are in memory with their entries.
    package var loadedCount: Int { loaded.count }

    /// Starts over: the directory is listed anew (`rewinddir`).
    package mutating func rewind() {
        self = Self(generation: generation + 1)
    }

    private init(generation: Int) { self.generation = generation }

    /// What is known from entry number `index` on.
    package func lookup(from index: Int) -> Lookup {
        if let end, index >= end { return .end }
        var page = lastAnchor(atOrBefore: index)
        while page < anchors.count {
            guard let entries = loaded.last(where: { $0.page == page })?.entries else {
                return .missing(
                    PageRequest(page: page, after: anchors[page].after, generation: generation)
                )
            }
            let skip = max(0, index - anchors[page].firstIndex)
            if skip < entries.count {
                return .entries(
                    entries[skip...],
                    firstIndex: anchors[page].firstIndex + skip
                )
            }
            page += 1  // The page is shorter than when it was first read, or has nothing visible.
        }
        return .end
    }

    /// Takes the answer to a request; one from before a `rewind` is dropped.
    package mutating func insert(_ result: DirectoryPage, for request: PageRequest) {
        guard request.generation == generation, request.page < anchors.count else { return }
        var entries = result.entries.filter { TreePath.isVisible($0.name) }

        if request.page + 1 < anchors.count {
            let room = anchors[request.page + 1].firstIndex - anchors[request.page].firstIndex
            entries = Array(entries.prefix(room))  // invariant 1: later numbers stay where they are
        } else {
            let next = anchors[request.page].firstIndex + entries.count
            if result.hasMore, let last = result.entries.last {
                anchors.append(Anchor(firstIndex: next, after: last.cursor))
            } else {
                end = next
            }
        }
        loaded.removeAll { $0.page == request.page }
        loaded.append((request.page, entries))
        if loaded.count > Self.windowPages { loaded.removeFirst() }  // invariant 2
    }

    private func lastAnchor(atOrBefore index: Int) -> Int {
        var low = 0
        var high = anchors.count
        while high - low > 1 {
            let middle = (low + high) / 2
            if anchors[middle].firstIndex <= index { low = middle } else { high = middle }
        }
        return low
    }
}
