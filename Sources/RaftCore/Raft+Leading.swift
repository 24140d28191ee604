// SPDX-License-Identifier: Apache-2.0

import Primitives

/// The leader's clock: heartbeats, check-quorum, and what hangs on them.
extension Raft {
    /// How long a leader without a quorum goes on, in milliseconds: the longest election timeout.
    ///
    /// By then its followers have given it up.
    private var checkQuorumMS: UInt64 { 2 * settings.electionMS }

    mutating func leaderTick() {
        guard role == .leader else { return }
        if quorumAgeMS >= checkQuorumMS {
            return becomeFollower(term: term, leader: nil)
        }
        if isInDoubt { failLeaderReads(.noQuorum) }
        hurryReads()
        abortTransferIfLate()
        dropDeparted()
        leaveJointIfReady()
        preferPriority()
        judgeDisputed()
        if let dueMS = leadership?.nextHeartbeatMS, now >= dueMS {
            watchDisks()
            beat()
        }
    }

    /// Gives up everything that only a leader may have.
    mutating func resign() {
        failLeaderReads(.leadershipLost)
        leadership = nil
        leader = nil
    }

    /// Whether the last sign of a quorum is too old to promise anything.
    ///
    /// The leader may have been replaced already; what it takes now may never be committed.
    var isInDoubt: Bool {
        let ageMS = quorumAgeMS
        // No round trip shortens the wait, so the median is needed only where the least is over.
        return ageMS > settings.quorumDoubtMS(medianRoundTripMS: 0)
            && ageMS > settings.quorumDoubtMS(medianRoundTripMS: medianRoundTripMS)
    }

    /// The median of the other voters' round trips, in milliseconds; 0 before the first answer.
    var medianRoundTripMS: UInt64 {
        let known = (leadership?.peers ?? []).filter { voters.decides($0.voter) }
            .compactMap(\.roundTripMS).sorted()
        return known.isEmpty ? 0 : known[known.count / 2]
    }

    /// How long ago the last round that a quorum answered was sent, in milliseconds.
    var quorumAgeMS: UInt64 {
        guard let confirmedAtMS = leadership?.rounds.confirmedAtMS else { return .max }
        return now - min(now, confirmedAtMS)
    }

    // MARK: - Heartbeats

    /// Makes a new round and sends it to everybody; returns its token.
    @discardableResult mutating func beat() -> UInt64 {
        guard let round = leadership?.rounds.make(now: now) else { return 0 }
        leadership?.nextHeartbeatMS = now + settings.heartbeatMS
        leadership?.reads.asksAllMS = nil
        for peer in 0..<(leadership?.peers.count ?? 0) { sendHeartbeat(round, to: peer) }
        confirmRounds()  // A lone voter is its own quorum.
        return round
    }

    mutating func sendHeartbeat(_ round: UInt64, to place: Int) {
        guard let peer = leadership?.peers[place] else { return }
        let heartbeat = Heartbeat(
            round: round,
            commit: min(commit, peer.match),
            leaderCommit: commit,
            // A commit index that may be behind proves nothing about freshness.
            quorumAge: hasCommittedInTerm ? UInt32(clamping: quorumAgeMS) : .max,
            echo: peer.stamp
        )
        send(.heartbeat(heartbeat), to: peer.voter)
    }

    mutating func heartbeatAnswered(_ reply: HeartbeatReply, from sender: Voter) {
        guard let peer = leadership?.position(of: sender) else { return }
        guard reply.round <= leadership?.rounds.latest ?? 0 else { return ignore() }
        leadership?.peers[peer].stamp = reply.stamp
        if reply.round > leadership?.peers[peer].answeredRound ?? 0 {
            leadership?.peers[peer].answeredRound = reply.round
            if let sentMS = leadership?.rounds.sentMS(of: reply.round) {
                leadership?.peers[peer].answered(afterMS: now - min(now, sentMS))
            }
            confirmRounds()
        }
        nudge(peer)
    }

    mutating func confirmRounds() {
        guard let latest = leadership?.rounds.latest else { return }
        let reached = voters.quorumValue { voter in
            voter == me ? latest : leadership?.peers.answeredRound(of: voter) ?? 0
        }
        let isNews = leadership?.rounds.confirm(reached ?? 0) ?? false
        if isNews, hasCommittedInTerm {
            let timeMS = leadership?.rounds.confirmedAtMS ?? 0
            freshness.reached(commit, timeMS: timeMS, applied: applied)
        }
        answerConfirmedReads()
    }

    mutating func noteContact(with sender: Voter) {
        guard let peer = leadership?.position(of: sender) else { return }
        leadership?.peers[peer].contactMS = now
    }

    mutating func disconnected(_ node: NodeID) {
        if let peer = leadership?.position(of: node) {
            leadership?.peers[peer].connectionLost()
        } else if role == .follower, node == leader {
            doubtLeader()
        }
    }
}
