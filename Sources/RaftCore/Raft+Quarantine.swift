// SPDX-License-Identifier: Apache-2.0

import Primitives

/// A voter whose applied state is not the majority's.
struct Quarantine: Sendable {
    /// Where the state differed.
    let index: LogIndex
    /// What the state machine shows to readers, until the new state has come as far.
    let shown: LogIndex
    /// The majority's state is not to be had from our snapshot and log either.
    var hasFailed = false
}

/// What a voter does that has found itself in the minority: throw its state away, keep its log.
///
/// ```
///   digest differs ─▶ applied := snapshot ─▶ entries handed out again ─▶ digest agrees ─▶ back
///                                                                  └─ differs ─▶ alarm, stays
/// ```
///
/// Only the state machine is bad. Votes and acknowledgements are about the log, which is checksummed
/// where it lies, so they go on: a voter that held them back would cost the cluster a quorum for
/// nothing. It neither leads nor campaigns, nor confirms reads, nor takes snapshots.
///
/// The rebuilding needs nobody else: the snapshot was proven before it became durable. A leader with
/// bad memory has therefore nothing that a healthy follower could take over from it.
extension Raft {
    /// Whether the applied state was found to differ and is not made anew yet.
    package var isQuarantined: Bool { quarantine != nil }

    mutating func enterQuarantine(own: StateDigest, agreed: StateDigest) {
        if role == .leader { offerTakeover() }
        quarantine = Quarantine(index: agreed.index, shown: handedOut)
        failForwardedReads(.quarantined)
        if role != .follower { becomeFollower(term: term, leader: nil) }
        digests.forgetPoints()
        freshness = Freshness()
        let start = snapshot?.position.index ?? .zero
        applied = start
        handedOut = start
        rebuildCount += 1
        outbox.tell(.quarantine(own, agreed: agreed, restart: snapshot))
    }

    /// Ends the quarantine once the new state is proven and shows no less than the old one did.
    mutating func leaveQuarantineIfCaughtUp() {
        guard let quarantine, applied >= quarantine.shown, digests.proven >= quarantine.index
        else { return }
        self.quarantine = nil
        outbox.tell(.rebuilt)
    }

    /// Spares the others their election timeouts: what was sent arrives before the order does.
    private mutating func offerTakeover() {
        var heir: Progress?
        for peer in leadership?.peers ?? [] where voters.decides(peer.voter) && isReachable(peer) {
            guard peer.state == .replicate else { continue }
            if heir.map({ peer.next > $0.next }) ?? true { heir = peer }
        }
        guard let heir else { return }
        let order = TimeoutNow(lastIndex: LogIndex(heir.next.rawValue - 1))
        send(.timeoutNow(order), to: heir.voter)
    }
}
