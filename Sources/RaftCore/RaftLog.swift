// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// The log from some way behind the latest snapshot on, in memory.
///
/// ```
///   compacted away │ base │ base+1 … last
///                    ▲ term still known
/// ```
package struct RaftLog: Sendable {
    /// The last entry that is gone; its term is still known.
    package private(set) var base: LogPosition
    /// The last entry; `base` if there is none.
    ///
    /// Kept beside the entries, for it is asked for many times a step.
    package private(set) var last: LogPosition
    private var entries: [LogEntry]

    /// An empty log behind `base`.
    package init(base: LogPosition) {
        self.base = base
        last = base
        entries = []
    }

    /// The log that was found on disk beside a snapshot that ends at `snapshot`.
    ///
    /// Entries that the snapshot contradicts, or that it covers all of, are left out: a crash
    /// between installing a snapshot and cutting the log leaves such.
    ///
    /// - Parameters:
    ///   - snapshot: Where it ends; zero without one.
    ///   - found: Without gaps, terms never falling; starts at most one behind `snapshot`.
    package init(snapshot: LogPosition, found: [LogEntry]) {
        self.init(base: snapshot)
        guard let first = found.first, let newest = found.last?.position else { return }

        precondition(first.index <= snapshot.index.next, "log starts behind its snapshot")
        var previous = first.position
        for entry in found.dropFirst() {
            precondition(
                entry.index == previous.index.next && entry.term >= previous.term,
                "log has a gap: \(previous) then \(entry.position)"
            )
            previous = entry.position
        }
        if first.index == snapshot.index.next {
            entries = found
        } else if newest.index >= snapshot.index {
            let offset = Int(snapshot.index.rawValue - first.index.rawValue)
            guard found[offset].term == snapshot.term else { return }
            base = first.position
            entries = Array(found.dropFirst())
        } else {
            return
        }
        last = newest
    }

    /// The first entry still here, or the one that will be.
    package var firstIndex: LogIndex { base.index.next }

    /// The term of the entry at `index`; `nil` if it is compacted away or does not exist.
    package func term(at index: LogIndex) -> Term? {
        if index == base.index { return base.term }
        guard index > base.index, index <= last.index else { return nil }
        return entries[offset(of: index)].position.term
    }

    package func entry(at index: LogIndex) -> LogEntry? {
        guard index > base.index, index <= last.index else { return nil }
        return entries[offset(of: index)]
    }

    package func holds(_ position: LogPosition) -> Bool {
        term(at: position.index) == position.term
    }

    /// The entries from `first` to `last`, both included; both must be here.
    package func entries(from first: LogIndex, through last: LogIndex) -> ArraySlice<LogEntry> {
        guard first <= last else { return [] }
        return entries[offset(of: first)...offset(of: last)]
    }

    /// The entries from `first` on, as many as fit `byteLimit` by weight, but at least one.
    package func batch(from first: LogIndex, byteLimit: Int) -> [LogEntry] {
        guard first > base.index, first <= last.index else { return [] }
        var byteCount = 0
        let start = offset(of: first)
        var end = start
        while end < entries.count {
            byteCount += entries[end].weight
            if byteCount > byteLimit, end > start { break }
            end += 1
        }
        return Array(entries[start..<end])
    }

    /// The last position at or before `limit.index` whose term is not above `limit.term`.
    ///
    /// Where two logs may still agree, if one of them disagrees at `limit` (Raft §5.3, fast backup).
    package func lastAgreement(with limit: LogPosition) -> LogPosition {
        var index = min(limit.index, last.index)
        while let entry = entry(at: index), entry.term > limit.term {
            index = LogIndex(index.rawValue - 1)
        }
        return LogPosition(term: term(at: index) ?? .zero, index: index)
    }

    // MARK: - Changes

    package mutating func append(_ entry: LogEntry) {
        precondition(
            entry.index == last.index.next && entry.term >= last.term,
            "\(entry.position) cannot follow \(last)"
        )
        entries.append(entry)
        last = entry.position
    }

    /// Drops `index` and everything behind it.
    package mutating func truncate(from index: LogIndex) {
        precondition(index > base.index, "\(index) is compacted away")
        guard index <= last.index else { return }
        entries.removeSubrange(offset(of: index)...)
        last = entries.last?.position ?? base
    }

    /// Drops everything up to and including `index`.
    package mutating func compact(through index: LogIndex) {
        guard index > base.index, let entry = entry(at: index) else { return }
        entries.removeFirst(offset(of: index) + 1)
        base = entry.position
    }

    private func offset(of index: LogIndex) -> Int {
        Int(index.rawValue - base.index.rawValue) - 1
    }
}
