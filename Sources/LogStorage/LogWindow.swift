// SPDX-License-Identifier: Apache-2.0
import Primitives
import RaftCore

/// Which entries the log holds, and their terms, without the entries themselves.
///
///     voided or compacted │ first … next - 1 │ not yet written
///
/// 1. `first ≤ next`.
/// 2. Runs are in ascending order of index and term, the first starts at `first` or below.
struct LogWindow: Equatable {
    /// Index of the oldest entry held; equal to `next` if there is none.
    private(set) var first: LogIndex
    /// Index that the next appended entry must have.
    private(set) var next: LogIndex
    /// From this index on, entries have this term; one run a term.
    private var runs: [LogPosition] = []

    init(first: LogIndex) {
        self.first = first
        next = first
    }

    var lastTerm: Term { runs.last?.term ?? .zero }

    var lastIndex: LogIndex { LogIndex(next.rawValue - 1) }

    /// The term of the entry at `index`; `nil` if it is not held.
    func term(at index: LogIndex) -> Term? {
        guard index >= first, index < next else { return nil }
        return runs.last { $0.index <= index }?.term
    }

    /// Takes the position of the entry that follows.
    mutating func append(_ position: LogPosition) -> RecoveryFinding? {
        guard position.index == next else { return .indexGap }
        guard position.term >= lastTerm else { return .termConflict }
        if position.term > lastTerm || runs.isEmpty { runs.append(position) }
        next = next.next
        return nil
    }

    /// Drops entries at and behind `index`; those before a window that starts later are not known.
    mutating func truncate(from index: LogIndex) {
        guard index < next else { return }
        runs.removeAll { $0.index >= index }
        next = index
        first = min(first, index)
    }

    /// Forgets that entries before `index` are held: their segments are gone.
    mutating func forget(before index: LogIndex) { first = min(max(first, index), next) }

    /// Drops everything; the log goes on behind `index`.
    mutating func reset(after index: LogIndex) { self = LogWindow(first: index.next) }
}
