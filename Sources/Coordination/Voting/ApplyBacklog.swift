// SPDX-License-Identifier: Apache-2.0
import RaftCore

/// Committed entries that the state machine has not applied yet, in order.
///
/// Bounded by the core, which hands no more out than ``RaftSettings/applyBacklogCount``.
struct ApplyBacklog {
    /// Entries, and bytes of them, that are applied between two looks at the clock.
    private static let sliceCount = 64
    private static let sliceBytes = 256 << 10

    private var entries: [LogEntry] = []
    /// Where the entries that are left begin; those before are gone at the next ``add(_:)``.
    private var first = 0
    /// The state that they are applied to is being made.
    private(set) var isPaused = false

    var hasWork: Bool { !isPaused && first < entries.count }

    mutating func add(_ committed: [LogEntry]) {
        entries.removeFirst(first)
        first = 0
        entries += committed
    }

    /// Takes out what may be applied before time is looked at again: one entry at least, and none
    /// behind the first that `isEnd` holds for.
    mutating func takeSlice(endingAt isEnd: (LogEntry) -> Bool) -> ArraySlice<LogEntry> {
        guard hasWork else { return [] }
        var bytesLeft = Self.sliceBytes
        var end = first
        while end < entries.count, end - first < Self.sliceCount {
            bytesLeft -= entries[end].weight
            guard end == first || bytesLeft >= 0 else { break }
            end += 1
            if isEnd(entries[end - 1]) { break }
        }
        defer { first = end }
        return entries[first..<end]
    }

    /// Another state takes the place of the one these were for: they come again, or are in it.
    mutating func clear() { self = ApplyBacklog() }

    mutating func pause() { isPaused = true }

    mutating func resume() { isPaused = false }
}
