// SPDX-License-Identifier: Apache-2.0

import Primitives

/// Collects what one step wants done, and puts it in an order that is safe.
///
/// All changes of one step to the disk become one write, named before anything that waits for it.
struct Outbox: Sendable {
    private enum Letter: Sendable {
        case effect(RaftEffect)
        case dependent(RaftMessage, to: Voter)
    }

    private var hardState: HardState?
    private var truncateFrom: LogIndex?
    private var entries: [LogEntry] = []
    private var letters: [Letter] = []

    // MARK: - Disk

    mutating func stage(_ state: HardState) { hardState = state }

    mutating func stage(_ entry: LogEntry) { entries.append(entry) }

    mutating func stageTruncation(from index: LogIndex) {
        entries.removeAll { $0.index >= index }
        truncateFrom = min(truncateFrom ?? index, index)
    }

    // MARK: - Everything else

    mutating func tell(_ effect: RaftEffect) { letters.append(.effect(effect)) }

    /// Sends at once.
    mutating func send(_ message: RaftMessage, to voter: Voter) {
        letters.append(.effect(.send(message, to: voter, after: nil)))
    }

    /// Sends once everything asked for so far, this step included, is durable.
    mutating func sendWhenDurable(_ message: RaftMessage, to voter: Voter) {
        letters.append(.dependent(message, to: voter))
    }

    /// Hands over all effects: the write first, so that what follows can name it (invariant 5).
    mutating func flush(into ledger: inout WriteLedger, now: UInt64) -> [RaftEffect] {
        var effects: [RaftEffect] = []
        if hardState != nil || truncateFrom != nil || !entries.isEmpty {
            let write = LogWrite(
                sequence: ledger.nextSequence,
                hardState: hardState,
                truncateFrom: truncateFrom,
                entries: entries
            )
            ledger.issued(write, now: now)
            effects.append(.persist(write))
        }
        for letter in letters {
            switch letter {
            case .effect(let effect): effects.append(effect)
            case .dependent(let message, let voter):
                effects.append(.send(message, to: voter, after: ledger.outstanding))
            }
        }
        self = Outbox()
        return effects
    }
}
