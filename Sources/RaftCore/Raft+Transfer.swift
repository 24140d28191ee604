// SPDX-License-Identifier: Apache-2.0

import Primitives

/// Handing over leadership (thesis §3.10).
///
/// ```
///   proposals stop ─▶ target has the whole log ─▶ TimeoutNow ─▶ it wins, we follow
///                  └─ one election timeout passes: go on leading (openraft#2088)
/// ```
extension Raft {
    /// Hands leadership to `node`, or to the follower that has most of the log.
    ///
    /// Does nothing when this node does not lead or nobody fit is in sight: the role that follows,
    /// or does not, is the answer.
    mutating func transferLeadership(to node: NodeID?) {
        guard let leadership, leadership.transfer == nil else { return }
        guard let target = node.map(heir(named:)) ?? bestHeir else { return }
        let deadline = now + settings.electionMS
        self.leadership?.transfer = Transfer(target: target, deadlineMS: deadline)
        orderTakeoverIfReady()
    }

    private func heir(named node: NodeID) -> Voter? {
        voters.incoming.first { $0.node == node && $0 != me }
    }

    /// The voter heard from lately that has most of the log; of equals the one of highest priority,
    /// then the first by node.
    ///
    /// One whose disk was mostly late comes behind all others.
    var bestHeir: Voter? {
        var best: Progress?
        for peer in leadership?.peers ?? []
        where voters.incoming.contains(peer.voter) && isReachable(peer) {
            if best.map({ isBetter(peer, than: $0) }) ?? true { best = peer }
        }
        return best?.voter
    }

    private func isBetter(_ peer: Progress, than other: Progress) -> Bool {
        rank(of: peer) > rank(of: other)
    }

    private func rank(of peer: Progress) -> (UInt8, LogIndex, UInt8) {
        let isInTime = !peer.delays.isMostlyLate(now: now)
        return (isInTime ? 1 : 0, peer.match, voters.priority(of: peer.voter.node))
    }

    mutating func orderTakeoverIfReady() {
        guard let transfer = leadership?.transfer, !transfer.isOrdered,
            leadership?.progress(of: transfer.target)?.match == log.last.index
        else { return }
        leadership?.transfer?.isOrdered = true
        send(.timeoutNow(TimeoutNow(lastIndex: log.last.index)), to: transfer.target)
    }

    mutating func abortTransferIfLate() {
        guard let transfer = leadership?.transfer, now >= transfer.deadlineMS else { return }
        leadership?.transfer = nil
    }

    /// The leader asks us to take over.
    mutating func takeOver(_ order: TimeoutNow, from sender: Voter) {
        guard role == .follower, sender.node == leader else { return }
        // A late order, from before the log went on, is void (TiKV#1593).
        guard order.lastIndex == log.last.index else { return }
        campaign(.transfer)
    }
}
