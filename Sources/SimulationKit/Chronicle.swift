// SPDX-License-Identifier: Apache-2.0

import CatalogCore
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
        /// When it was first seen committed, in microseconds since the world began.
        let committedUS: UInt64
    }

    /// Index 1 comes first.
    private(set) var records: [Record] = []
    /// The state that the history leads to.
    private(set) var machine = RegisterMachine()
    /// The last configuration.
    private(set) var lastConfiguration: LogPosition?
    /// For each operation that took effect, where.
    private(set) var effects: [UInt64: LogIndex] = [:]
    /// Where each command stands: revision 1 comes first.
    private(set) var commands: [LogIndex] = []
    /// What the newest revisions changed, by revision modulo ``recentCount``: all nodes and watchers
    /// ask for them at about the same time.
    private var recent = [[CatalogChange]](repeating: [], count: recentCount)
    private static let recentCount = 64
    /// How far each node's commit index was looked at.
    private var seen: [LogIndex]
    /// Set when two nodes committed different entries at one index, or one write took effect twice.
    private(set) var contradiction: String?

    init(nodeLimit: Int) { seen = Array(repeating: .zero, count: nodeLimit) }

    /// For each key the index of its last committed write.
    var versions: [UInt64] { machine.versions }

    /// The last entry that is known to be committed.
    private(set) var last = LogPosition.zero

    func record(at index: LogIndex) -> Record? {
        guard index > .zero, index.rawValue <= UInt64(records.count) else { return nil }
        return records[Int(index.rawValue) - 1]
    }

    /// The newest revision of a state that is made of everything up to `index`.
    func revision(at index: LogIndex) -> Revision {
        var (low, high) = (0, commands.count)
        while low < high {
            let middle = (low + high) / 2
            if commands[middle] <= index { low = middle + 1 } else { high = middle }
        }
        return Revision(UInt64(low))
    }

    /// The revision of the command that is known to be committed at `index`; `nil`: none is.
    func revision(of index: LogIndex) -> Revision? {
        let revision = revision(at: index)
        guard revision > .zero, commands[Int(revision.rawValue) - 1] == index else { return nil }
        return revision
    }

    /// What a revision changed; nothing for one that is not known to be committed.
    func changes(of revision: Revision) -> [CatalogChange] {
        let known = recent[Int(revision.rawValue) % Self.recentCount]
        if known.first?.revision == revision { return known }
        guard revision > .zero, revision.rawValue <= UInt64(commands.count),
            let record = record(at: commands[Int(revision.rawValue) - 1])
        else { return [] }
        return WatchedCommand.changes(of: record.entry, at: revision)
    }

    /// Whether a node's commit index is another than it was when last looked at.
    func isNews(_ commit: LogIndex, node: Int) -> Bool { seen[node] != commit }

    /// Writes down what a node has newly committed, or compares it.
    mutating func observe(
        _ log: RaftLog,
        commit: LogIndex,
        term: Term,
        node: Int,
        nowUS: UInt64
    ) {
        let start = min(seen[node], commit)  // A restart begins at the snapshot again.
        seen[node] = commit
        guard commit > start else { return }
        for index in start.rawValue + 1...commit.rawValue {
            guard let entry = log.entry(at: LogIndex(index)) else { continue }
            take(entry, term, node, nowUS)
        }
    }

    private mutating func note(_ command: LogEntry) {
        commands.append(command.index)
        let revision = Revision(UInt64(commands.count))
        recent[commands.count % Self.recentCount] = WatchedCommand.changes(
            of: command,
            at: revision
        )
    }

    private mutating func take(_ entry: LogEntry, _ term: Term, _ node: Int, _ nowUS: UInt64) {
        if let known = record(at: entry.index) {
            if known.entry != entry {
                let others = known.entry.position
                contradiction = "node \(node + 1) committed \(entry.position), others \(others)"
            }
            return
        }
        guard entry.index == last.index.next else {
            contradiction = "\(entry.position) committed before \(last.index.next)"
            return
        }
        records.append(Record(entry: entry, committedIn: term, committedUS: nowUS))
        last = entry.position
        if entry.kind == .configuration { lastConfiguration = entry.position }
        if entry.kind == .command { note(entry) }
        let outcome = machine.apply(entry)
        guard outcome == .written, let command = RegisterCommand(entry) else { return }
        if let earlier = effects[command.operation] {
            contradiction =
                "operation \(command.operation) took effect at \(earlier) and again at "
                + "\(entry.index)"
        }
        effects[command.operation] = entry.index
    }
}
