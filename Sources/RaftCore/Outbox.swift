// SPDX-License-Identifier: Apache-2.0

import Primitives

/// Collects what one step wants done, and puts it in an order that is safe.
///
/// All changes of one step to the disk become one write, named before anything that waits for it.
struct Outbox: Sendable {
    private var hardState: HardState?
    private var truncateFrom: LogIndex?
    private var entries: [LogEntry] = []
    /// In order; the write is put before them once the step is over.
    private var effects: [RaftEffect] = []
    /// Places of the messages in `effects` that wait for everything asked for so far.
    private var dependents: [Int] = []
    /// Effects of the last step that had any: room to begin the next list with.
    private var usualCount = 2

    // MARK: - Disk

    mutating func stage(_ state: HardState) { hardState = state }

    mutating func stage(_ entry: LogEntry) { entries.append(entry) }

    mutating func stageTruncation(from index: LogIndex) {
        entries.removeAll { $0.index >= index }
        truncateFrom = min(truncateFrom ?? index, index)
    }

    // MARK: - Everything else

    mutating func tell(_ effect: RaftEffect) {
        if effects.isEmpty { effects.reserveCapacity(usualCount) }
        effects.append(effect)
    }

    /// Sends at once.
    mutating func send(_ message: RaftMessage, to voter: Voter) {
        tell(.send(message, to: voter, after: nil))
    }

    /// Sends once everything asked for so far, this step included, is durable.
    mutating func sendWhenDurable(_ message: RaftMessage, to voter: Voter) {
        dependents.append(effects.count)
        send(message, to: voter)
    }

    /// Hands over all effects: the write first, so that what follows can name it (invariant 5).
    mutating func flush(into ledger: inout WriteLedger, now: UInt64) -> [RaftEffect] {
        let write = takeWrite(numbered: ledger.nextSequence)
        if let write { ledger.issued(write, now: now) }
        if let outstanding = ledger.outstanding {
            for place in dependents { effects[place].wait(for: outstanding) }
        }
        dependents.removeAll(keepingCapacity: true)
        if let write { effects.insert(.persist(write), at: 0) }
        guard !effects.isEmpty else { return [] }
        usualCount = effects.count
        defer { effects = [] }
        return effects
    }

    private mutating func takeWrite(numbered sequence: WriteSequence) -> LogWrite? {
        guard hardState != nil || truncateFrom != nil || !entries.isEmpty else { return nil }
        defer { (hardState, truncateFrom, entries) = (nil, nil, []) }
        return LogWrite(
            sequence: sequence,
            hardState: hardState,
            truncateFrom: truncateFrom,
            entries: entries
        )
    }
}

extension RaftEffect {
    /// Makes a message wait for a write.
    fileprivate mutating func wait(for write: WriteSequence) {
        guard case .send(let message, let voter, _) = self else {
            preconditionFailure("only messages wait: \(self)")
        }
        self = .send(message, to: voter, after: write)
    }
}
