// SPDX-License-Identifier: Apache-2.0
import Primitives
import RaftCore

/// The records that a list of writes comes to, checked against the log before anything is written.
struct WritePlan {
    private(set) var records: [LogRecord] = []
    /// Term and vote after all writes.
    private(set) var hardState: HardState
    private var window: LogWindow
    private let newestSnapshot: LogPosition?

    init(
        _ writes: [LogWrite],
        window: LogWindow,
        hardState: HardState,
        newestSnapshot: LogPosition?
    ) throws(LogStorageError) {
        self.newestSnapshot = newestSnapshot
        self.window = window
        self.hardState = hardState
        for write in writes { try add(write) }
    }

    private mutating func add(_ write: LogWrite) throws(LogStorageError) {
        if let new = write.hardState, new != hardState {
            // Never lost, so never taken back either: recovery keeps the later of what it finds.
            guard new.follows(hardState) else {
                throw .hardStateRegressed(from: hardState, to: new)
            }
            hardState = new
            records.append(.hardState(new))
        }
        if let index = write.truncateFrom { try truncate(from: index) }
        for entry in write.entries {
            guard entry.term <= hardState.term else {
                throw .termAhead(entry: entry.position, hardState: hardState.term)
            }
            guard window.append(entry.position) == nil else {
                throw .outOfOrder(expected: window.next, found: entry.index)
            }
            records.append(.entry(entry))
        }
    }

    /// Voids the entries at and behind `index`.
    ///
    /// An index that the newest snapshot covers voids the whole log, which then goes on behind the
    /// snapshot: the snapshot came from a leader and says what was committed.
    private mutating func truncate(from index: LogIndex) throws(LogStorageError) {
        if let newestSnapshot, index <= newestSnapshot.index {
            guard window != LogWindow(first: newestSnapshot.index.next) else { return }
            window.reset(after: newestSnapshot.index)
            records.append(.reset(newestSnapshot))
            return
        }
        guard index < window.next else { return }
        guard index >= window.first, index > .zero else {
            throw .outOfOrder(expected: window.first, found: index)
        }
        window.truncate(from: index)
        records.append(.truncate(from: index))
    }

    /// The records in as few batches as fit a segment each; one, unless the writes are huge.
    func batches(streamLimit: Int) throws(LogStorageError) -> [[LogRecord]] {
        let limit = streamLimit - LogBatch.overheadByteCount
        let byteCount = records.reduce(0) { $0 + $1.byteCount }
        if byteCount <= limit { return records.isEmpty ? [] : [records] }
        var batches: [[LogRecord]] = []
        var room = 0
        for record in records {
            guard record.byteCount <= limit else {
                throw .tooLarge(byteCount: record.byteCount, limit: limit)
            }
            if record.byteCount > room {
                batches.append([])
                room = limit
            }
            batches[batches.count - 1].append(record)
            room -= record.byteCount
        }
        return batches
    }
}

extension HardState {
    /// Whether a store that has promised `other` may promise this.
    func follows(_ other: HardState) -> Bool {
        term > other.term || (term == other.term && other.vote == nil)
    }
}
