// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives
import RaftCore

/// The one history that all nodes must agree on, written down as it is first seen committed.
///
/// No node can read it: it is the checkers' memory.
struct Chronicle {
    struct Record: Sendable {
        let entry: LogEntry
        /// A term in which it was already committed.
        let committedIn: Term
        /// When it was first seen committed, in microseconds since the world began.
        let committedUS: UInt64
        /// Of the state that it leads to.
        let digest: UInt64
    }

    /// What one entry did, and what it led to.
    struct Step {
        let entry: LogEntry
        let outcome: CatalogOutcome?
        let state: ReplicatedCatalog
    }

    /// Where the write of an operation took effect.
    struct Effect: Sendable {
        let index: LogIndex
        let revision: Revision
    }

    /// Index 1 comes first.
    private(set) var records: [Record] = []
    /// The state that the history leads to.
    private(set) var machine = ReplicatedCatalog()
    /// The last configuration.
    private(set) var lastConfiguration: LogPosition?
    /// For each operation, by its number less one, where it took effect.
    private var effects: [Effect?] = []
    /// For each operation with an idempotency key what it came to first.
    private var outcomes: [CatalogOutcome?] = []
    /// What each revision changed, revision 1 first.
    private var changes: [[CatalogChange]] = []
    /// The newest steps, by index modulo their number: nodes apply them at about the same time.
    private var steps = [Step?](repeating: nil, count: 64)
    /// How far each node's commit index was looked at.
    private var seen: [LogIndex]
    /// Set when two nodes committed different entries at one index, or one write took effect twice.
    private(set) var contradiction: String?
    /// Set when one idempotency key came to another outcome than before.
    private(set) var changedOutcome: String?

    init(nodeLimit: Int) { seen = Array(repeating: .zero, count: nodeLimit) }

    /// The last entry that is known to be committed.
    private(set) var last = LogPosition.zero

    func record(at index: LogIndex) -> Record? {
        guard index > .zero, index.rawValue <= UInt64(records.count) else { return nil }
        return records[Int(index.rawValue) - 1]
    }

    /// The digest of what everything up to `index` leads to.
    func digest(at index: LogIndex) -> UInt64? { record(at: index)?.digest }

    /// What a new entry did, if it is the one that was committed there.
    func step(of entry: LogEntry) -> Step? {
        let step = steps[Int(entry.index.rawValue) % steps.count]
        return step?.entry == entry ? step : nil
    }

    func effect(of operation: UInt64) -> Effect? { effects.value(of: operation) }

    func outcome(ofKeyed operation: UInt64) -> CatalogOutcome? { outcomes.value(of: operation) }

    /// Commands that changed something.
    var revisionCount: UInt64 { UInt64(changes.count) }

    /// What a revision changed; nothing for one that is not known to be committed.
    func changes(of revision: Revision) -> [CatalogChange] {
        guard revision > .zero, revision.rawValue <= revisionCount else { return [] }
        return changes[Int(revision.rawValue) - 1]
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
        last = entry.position
        if entry.kind == .configuration { lastConfiguration = entry.position }
        do {
            apply(entry, try ReplicatedCatalog.command(in: entry))
        } catch {
            contradiction = "\(entry.position) was committed and cannot be read: \(error)"
        }
        records.append(
            Record(
                entry: entry,
                committedIn: term,
                committedUS: nowUS,
                digest: machine.digest
            )
        )
    }

    private mutating func apply(_ entry: LogEntry, _ command: CatalogCommand?) {
        let application = machine.apply(command, at: entry.index)
        machine = machine.shared()
        steps[Int(entry.index.rawValue) % steps.count] = Step(
            entry: entry,
            outcome: application?.outcome,
            state: machine
        )
        guard let application, let command else { return }
        if !application.changes.isEmpty { changes.append(application.changes) }
        guard let operation = command.client else { return }
        if !application.changes.isEmpty {
            if let earlier = effects.value(of: operation) {
                contradiction =
                    "operation \(operation) took effect at \(earlier.index) and again at "
                    + "\(entry.index)"
            }
            effects.set(
                Effect(index: entry.index, revision: machine.revision),
                of: operation
            )
        }
        guard command.idempotency != nil else { return }
        if let first = outcomes.value(of: operation) {
            guard first != application.outcome else { return }
            changedOutcome =
                "operation \(operation) came to \(first), and then to \(application.outcome)"
        } else {
            outcomes.set(application.outcome, of: operation)
        }
    }
}

extension CatalogCommand {
    /// The operation that asked for it; `nil` where no client did.
    var client: UInt64? { madeAtUnixMS == 0 ? nil : madeAtUnixMS }
}

/// A table by the numbers of operations, which begin with 1 and leave nothing out.
extension Array {
    fileprivate func value<Value>(of operation: UInt64) -> Value? where Element == Value? {
        operation <= UInt64(count) && operation > 0 ? self[Int(operation) - 1] : nil
    }

    fileprivate mutating func set<Value>(
        _ value: Value,
        of operation: UInt64
    ) where Element == Value? {
        while UInt64(count) < operation { append(nil) }
        self[Int(operation) - 1] = value
    }
}
