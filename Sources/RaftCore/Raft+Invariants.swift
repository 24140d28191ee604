// SPDX-License-Identifier: Apache-2.0

import Primitives

/// What an earlier state promised, kept to compare the next one with.
struct Checkpoint: Sendable {
    let hardState: HardState
    let commit: LogIndex
    let applied: LogIndex
    let role: RaftRole
    let leader: NodeID?
    let rebuildCount: UInt64

    var term: Term { hardState.term }

    init(_ raft: Raft) {
        hardState = raft.hardState
        commit = raft.commit
        applied = raft.applied
        role = raft.role
        leader = raft.leader
        rebuildCount = raft.rebuildCount
    }
}

extension Raft {
    /// Ends the process if one of the invariants on ``Raft`` does not hold.
    ///
    /// All are comparisons of a few integers, so they stay on in release builds.
    func checkInvariants(since before: Checkpoint?) {
        if let before { checkPromises(since: before) }
        let snapshotIndex = snapshot?.position.index ?? .zero
        precondition(
            log.base.index <= snapshotIndex && snapshotIndex <= applied && applied <= handedOut
                && handedOut <= commit && commit <= log.last.index,
            "invariant 4: \(statusLine)"
        )
        precondition(log.last.term <= term, "invariant 8: \(statusLine)")
        precondition(!isQuarantined || role == .follower, "invariant 11: \(statusLine)")
        precondition(digests.proven <= commit, "invariant 12: \(statusLine)")
        precondition((role == .leader) == (leadership != nil), "leadership: \(statusLine)")
        precondition((role == .leader) == (leader == me.node), "leader: \(statusLine)")
    }

    private func checkPromises(since before: Checkpoint) {
        precondition(term >= before.term, "invariant 1: was \(before), is \(statusLine)")
        if term == before.term, let vote = before.hardState.vote {
            precondition(hardState.vote == vote, "invariant 2: was \(before), is \(statusLine)")
        }
        precondition(
            commit >= before.commit
                && (applied >= before.applied || rebuildCount > before.rebuildCount),
            "invariant 3: was \(before), is \(statusLine)"
        )
    }

    /// The whole state in one line, for a message about something impossible.
    var statusLine: String {
        "\(me.node) \(role) \(term) vote \(String(describing: hardState.vote)) leader "
            + "\(String(describing: leader)) base \(log.base) "
            + "snapshot \(String(describing: snapshot?.position)) applied \(applied) "
            + "handed out \(handedOut) commit \(commit) last \(log.last) durable \(writes.durable)"
    }
}
