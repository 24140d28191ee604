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
            // A digest is that of the state right behind its entry.
            apply(backlog.takeSlice(endingAt: core.settings.isDigestPoint))
            if ports.now() - began >= Self.applyMS { break }
        }
    }

    private mutating func apply(_ entries: ArraySlice<LogEntry>) {
        guard let last = entries.last else { return }
        for (entry, result) in zip(entries, machine.apply(entries)) {
            snapshots.applied(entry)
            proposals.applied(entry.position, result: result)
        }
        let before = stateCount
        if core.settings.isDigestPoint(last), let value = machine.digest(at: last.index) {
            step(.digested(StateDigest(index: last.index, value: value)))
        }
        if stateCount == before { step(.applied(last.index)) }
    }
}
