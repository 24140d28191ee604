// SPDX-License-Identifier: Apache-2.0

import Primitives

/// The leader's clock: heartbeats, check-quorum, and what hangs on them.
extension Raft {
    /// How long a leader without a quorum goes on, in milliseconds: the longest election timeout.
    ///
    /// By then its followers have given it up.
    private var checkQuorumMS: UInt64 { 2 * settings.electionMS }

    mutating func leaderTick() {
        guard let leadership else { return }
        if quorumAgeMS >= checkQuorumMS {
            return becomeFollower(term: term, leader: nil)
        }
        if isInDoubt { failLeaderReads(.noQuorum) }
        abortTransferIfLate()
        dropDeparted()
        leaveJointIfReady()
        preferPriority()
        judgeDisputed()
        if now >= leadership.nextHeartbeatMS { beat() }
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
    var isInDoubt: Bool { quorumAgeMS > settings.quorumDoubtMS }

    /// How long ago the last round that a quorum answered was sent, in milliseconds.
    var quorumAgeMS: UInt64 {
        guard let leadership else { return .max }
        return now - min(now, leadership.rounds.confirmedAtMS)
    }

    // MARK: - Heartbeats

    /// Makes a new round and sends it to everybody; returns its token.
    @discardableResult mutating func beat() -> UInt64 {
        guard let round = leadership?.rounds.make(now: now) else { return 0 }
        leadership?.nextHeartbeatMS = now + settings.heartbeatMS
        for peer in leadership?.peers ?? [] {
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
        confirmRounds()  // A lone voter is its own quorum.
        return round
    }

    mutating func heartbeatAnswered(_ reply: HeartbeatReply, from sender: Voter) {
        guard let peer = leadership?.position(of: sender) else { return }
        guard reply.round <= leadership?.rounds.latest ?? 0 else { return ignore() }
        leadership?.peers[peer].stamp = reply.stamp
        if reply.round > leadership?.peers[peer].answeredRound ?? 0 {
            leadership?.peers[peer].answeredRound = reply.round
            confirmRounds()
        }
        nudge(peer)
    }

    private mutating func confirmRounds() {
        guard let leadership else { return }
        let reached = voters.quorumValue { voter in
            voter == me
                ? leadership.rounds.latest : leadership.progress(of: voter)?.answeredRound ?? 0
        }
        let isNews = self.leadership?.rounds.confirm(reached ?? 0) ?? false
        if isNews, hasCommittedInTerm {
            let timeMS = self.leadership?.rounds.confirmedAtMS ?? 0
            freshness.reached(commit, timeMS: timeMS, applied: applied)
        }
        answerConfirmedReads()
    }

    mutating func noteContact(with sender: Voter) {
        guard let peer = leadership?.position(of: sender) else { return }
        leadership?.peers[peer].contactMS = now
    }

    mutating func disconnected(_ node: NodeID) {
        guard let peer = leadership?.position(of: node) else { return }
        leadership?.peers[peer].connectionLost()
    }
}
