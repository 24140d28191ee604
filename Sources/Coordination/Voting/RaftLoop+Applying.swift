// SPDX-License-Identifier: Apache-2.0
import Primitives
import RaftCore

/// Handing committed entries to the state machine.
///
/// A voter that comes from far behind has more to apply than a turn may take: its loop is the peers'
/// too, and one that is silent for an election timeout is replaced. So a turn ends after a few
/// milliseconds, and the driver has another one follow.
extension RaftLoop {
    /// How long one turn applies, in milliseconds; a tenth of a LAN's heartbeat.
    private static let applyMS: UInt64 = 5

    /// Whether the driver has to see to another turn, asked once for each that it sees to.
    mutating func claimsAnotherTurn() -> Bool {
        guard backlog.hasWork, !isTurnClaimed else { return false }
        isTurnClaimed = true
        return true
    }

    /// Applies what is committed, as far as this turn's time allows.
    mutating func applyCommitted() {
        let began = ports.now()
        while backlog.hasWork {
            apply(backlog.takeSlice())
            if ports.now() - began >= Self.applyMS { break }
        }
    }

    private mutating func apply(_ entries: ArraySlice<LogEntry>) {
        guard let last = entries.last else { return }
        var digests: [StateDigest] = []
        for entry in entries {
            snapshots.applied(entry)
            proposals.applied(entry.position, result: applied(entry))
            if core.settings.isDigestPoint(entry), let value = machine.digest(at: entry.index) {
                digests.append(StateDigest(index: entry.index, value: value))
            }
        }
        let before = stateCount
        for digest in digests where stateCount == before { step(.digested(digest)) }
        if stateCount == before { step(.applied(last.index)) }
    }

    /// Applies one entry; returns what its proposer is told.
    private func applied(_ entry: LogEntry) -> [UInt8] {
        switch entry.kind {
        case .command:
            return machine.apply(index: entry.index, payload: entry.payload)
        case .configuration:
            machine.configure(index: entry.index, payload: entry.payload)
            return []
        case .noop:
            machine.advance(to: entry.index)
            return []
        }
    }
}
