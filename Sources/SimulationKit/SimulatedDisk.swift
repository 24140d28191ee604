// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// One node's disk: what survives a crash, and what is still on its way there.
///
/// Writes are taken in batches, in order, each ended by one flush, as the log's own thread does.
/// A crash keeps some writes of the beginning of what was under way, and loses the rest.
struct SimulatedDisk: Sendable {
    enum Write: Sendable {
        case log(LogWrite)
        /// The state machine's own snapshot.
        case snapshot(SnapshotMetadata, [UInt8])
        /// A leader's snapshot.
        case installation(SnapshotMetadata, [UInt8])
        /// Frees the log before this index.
        case compaction(LogIndex)
    }

    // Durable.
    private(set) var hardState: HardState
    private(set) var entries: [LogEntry]
    private(set) var snapshot: (metadata: SnapshotMetadata, state: [UInt8])?

    // Not durable.
    private var flushing: [Write] = []
    private var waiting: [Write] = []

    /// Set when a write did not fit what is on the disk: a bug above.
    private(set) var complaint: String?

    init(hardState: HardState, entries: [LogEntry]) {
        self.hardState = hardState
        self.entries = entries
    }

    var isFlushing: Bool { !flushing.isEmpty }

    mutating func ask(_ write: Write) { waiting.append(write) }

    /// Starts a flush of everything that waits; `false` if one is under way or nothing waits.
    mutating func startFlush() -> Bool {
        guard flushing.isEmpty, !waiting.isEmpty else { return false }
        flushing = waiting
        waiting = []
        return true
    }

    /// Ends the flush; returns what is durable now.
    mutating func finishFlush() -> [Write] {
        let done = flushing
        flushing = []
        for write in done { perform(write) }
        return done
    }

    /// Loses what was not flushed, but for `keptCount` writes that had already reached the medium.
    mutating func crash(keptCount: Int) {
        for write in flushing.prefix(keptCount) { perform(write) }
        flushing = []
        waiting = []
    }

    var flushingCount: Int { flushing.count }

    /// Whether the entry, or a snapshot that covers it, is durable here.
    func holds(_ position: LogPosition) -> Bool {
        if let snapshot, snapshot.metadata.position.index >= position.index { return true }
        return term(at: position.index) == position.term
    }

    func term(at index: LogIndex) -> Term? {
        guard let first = entries.first, index >= first.index else { return nil }
        let offset = Int(index.rawValue - first.index.rawValue)
        return offset < entries.count ? entries[offset].term : nil
    }

    /// What is durable, in one line.
    var summary: String {
        let first = entries.first.map { "\($0.position)" } ?? "nothing"
        let last = entries.last.map { "\($0.position)" } ?? "nothing"
        let end = snapshot.map { "\($0.metadata.position)" } ?? "none"
        return "log from \(first) to \(last), snapshot \(end) \(complaint ?? "")"
    }

    // MARK: - The medium

    private mutating func perform(_ write: Write) {
        switch write {
        case .log(let write): perform(write)
        case .snapshot(let metadata, let state), .installation(let metadata, let state):
            snapshot = (metadata, state)
        case .compaction(let index):
            entries.removeFirst(entries.prefix { $0.index < index }.count)
        }
    }

    private mutating func perform(_ write: LogWrite) {
        if let state = write.hardState {
            if state.term < hardState.term { complaint = "term fell from \(hardState) to \(state)" }
            hardState = state
        }
        if let cut = write.truncateFrom {
            entries.removeLast(entries.reversed().prefix { $0.index >= cut }.count)
        }
        for entry in write.entries {
            let end = entries.last?.index ?? snapshot?.metadata.position.index ?? .zero
            if entry.index != end.next { complaint = "\(entry.position) written behind \(end)" }
            entries.append(entry)
        }
    }
}
