// SPDX-License-Identifier: Apache-2.0

import Primitives

/// A leader whose disk is slow hands over to a follower whose disk is not.
///
/// A disk that answers late is worse than one that fails: followers hear heartbeats, so nobody would
/// ever ask for another leader, and every write waits. Signs of it are a 95th percentile of the own
/// writes, over five seconds, above a quarter of the election timeout; a write that takes a whole one;
/// and a commit index that stands still for half of one while a quorum answers. Time is that of the
/// ticks, so all of it is known to about one tick.
///
/// The heir must have been in time itself, so where all are slow nobody moves; and each attempt is
/// followed by a pause that doubles (``HandoverPatience``).
extension Raft {
    /// Looks at everybody's acknowledgements, once a heartbeat, before it is sent.
    mutating func watchDisks() {
        noteDelays()
        leadership?.lateness.note(log.last.index.rawValue, now: now)
        guard leadership?.transfer == nil, hasCommittedInTerm,
            isDiskSlow || isCommitStuck, patience.allows(now: now), let heir = quickestHeir
        else { return }
        patience.used(now: now, leastMS: 20 * settings.electionMS)
        outbox.tell(.alarm(.slowDisk))
        transferLeadership(to: heir.node)
    }

    /// A follower is late when it lacks what was there a quarter of an election timeout and its round
    /// trip ago.
    private mutating func noteDelays() {
        guard let leadership else { return }
        for (position, peer) in leadership.peers.enumerated() {
            let graceMS = settings.lateMS + (peer.roundTripMS ?? 0)
            guard let due = leadership.lateness.length(graceMS, before: now) else { continue }
            let isLate = peer.match.rawValue < due
            self.leadership?.peers[position].delays.add(isLate: isLate, now: now)
        }
    }

    /// Whether our own writes say that the disk is slow.
    private var isDiskSlow: Bool {
        let oldest = writes.oldestPendingMS ?? now
        return now - min(now, oldest) > settings.electionMS || writeDelays.isMostlyLate(now: now)
    }

    /// Whether nothing is committed any more though a quorum answers heartbeats.
    private var isCommitStuck: Bool {
        guard let leadership, commit < log.last.index else { return false }
        return now - min(now, leadership.lateness.progressMS) > settings.electionMS / 2
            && quorumAgeMS <= 3 * settings.heartbeatMS
    }

    /// The voter with most of the log among those heard lately and in time.
    ///
    /// One that has no less than we do; and more, where only the commit index says that something is
    /// wrong, for then it may as well be the others' disks.
    private var quickestHeir: Voter? {
        var best: Progress?
        for peer in leadership?.peers ?? [] where voters.decides(peer.voter) && isReachable(peer) {
            guard !peer.delays.isMostlyLate(now: now),
                isDiskSlow ? peer.match >= writes.durable : peer.match > writes.durable
            else { continue }
            if best.map({ peer.match > $0.match }) ?? true { best = peer }
        }
        return best?.voter
    }
}
