// SPDX-License-Identifier: Apache-2.0

import Primitives

/// Leadership goes to where the cluster wants it, once that is safe.
///
/// Priorities never keep anyone from being elected: a cluster whose preferred voters are away is led
/// by another. They only move a leadership that stands.
extension Raft {
    /// Offers leadership to a voter of higher priority that has the whole log, and a disk in time.
    ///
    /// A voter whose leadership comes back has offered it in vain, whether it was not taken or not
    /// held: each offer is followed by twice the pause of the last, from ten election timeouts to ten
    /// minutes (``HandoverPatience``).
    mutating func preferPriority() {
        guard !voters.priorities.isEmpty, !voters.isJoint, let leadership,
            leadership.transfer == nil, hasCommittedInTerm, !isInDoubt
        else { return }
        guard leadership.nextOfferMS > 0 else {
            self.leadership?.nextOfferMS = now + 2 * settings.electionMS  // First let it settle.
            return
        }
        guard now >= leadership.nextOfferMS, offerPatience.allows(now: now),
            let heir = preferredHeir
        else { return }
        offerPatience.used(now: now, leastMS: 10 * settings.electionMS)
        transferLeadership(to: heir.node)
    }

    /// The reachable voter of the highest priority above ours that misses nothing and was not mostly
    /// late.
    private var preferredHeir: Voter? {
        var best: Voter?
        for peer in leadership?.peers ?? []
        where voters.incoming.contains(peer.voter) && isReachable(peer)
            && peer.match == log.last.index && !peer.delays.isMostlyLate(now: now)
            && priority(of: peer.voter) > priority(of: best ?? me)
        {
            best = peer.voter
        }
        return best
    }

    private func priority(of voter: Voter) -> UInt8 { voters.priority(of: voter.node) }
}
