// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// The one history that all nodes must agree on, written down as it is first seen committed.
///
/// No node can read it: it is the checkers' memory.
struct Chronicle: Sendable {
    struct Record: Sendable {
        let entry: LogEntry
        /// A term in which it was already committed.
        let committedIn: Term
    }

    /// Index 1 comes first.
    private(set) var records: [Record] = []
    /// For each key the index of its last committed write.
    private(set) var versions = [UInt64](repeating: 0, count: RegisterMachine.keyCount)
    /// How far each node's commit index was looked at.
    private var seen: [LogIndex]
    /// Set when two nodes committed different entries at one index.
    private(set) var contradiction: String?

    init(nodeCount: Int) { seen = Array(repeating: .zero, count: nodeCount) }

    var last: LogPosition { records.last?.entry.position ?? .zero }

    func record(at index: LogIndex) -> Record? {
        guard index > .zero, index.rawValue <= UInt64(records.count) else { return nil }
        return records[Int(index.rawValue) - 1]
    }

    /// Writes down what a node has newly committed, or compares it.
    mutating func observe(_ raft: Raft, node: Int) {
        let start = min(seen[node], raft.commit)  // A restart begins at the snapshot again.
        seen[node] = raft.commit
        guard raft.commit > start else { return }
        for index in start.rawValue + 1...raft.commit.rawValue {
            guard let entry = raft.log.entry(at: LogIndex(index)) else { continue }
            take(entry, raft)
        }
    }

    private mutating func take(_ entry: LogEntry, _ raft: Raft) {
        if let known = record(at: entry.index) {
            if known.entry != entry {
                let others = known.entry.position
                contradiction = "\(raft.me.node) committed \(entry.position), others \(others)"
            }
            return
        }
        guard entry.index == last.index.next else {
            contradiction = "\(entry.position) committed before \(last.index.next)"
            return
        }
        records.append(Record(entry: entry, committedIn: raft.term))
        if let command = RegisterCommand(entry) { versions[command.key] = entry.index.rawValue }
    }
}
