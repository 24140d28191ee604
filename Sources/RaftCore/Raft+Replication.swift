// SPDX-License-Identifier: Apache-2.0

import Primitives

/// The leader's side of replication (Raft §5.3).
extension Raft {
    /// Takes clients' commands, or says of each why not; sends what was taken as one batch.
    mutating func propose(_ proposals: [Proposal]) {
        let before = log.last.index
        for proposal in proposals {
            if let refusal = refusal(of: proposal) {
                outbox.tell(.dropped(proposal.request, refusal))
            } else {
                let position = appendOwn(.command, payload: proposal.payload)
                outbox.tell(.proposed(proposal.request, position))
            }
        }
        if log.last.index > before { replicate() }
    }

    private func refusal(of proposal: Proposal) -> RaftRefusal? {
        guard role == .leader, leadership != nil else { return .notLeader(hint: leader) }
        if leadership?.transfer != nil { return .transferring }
        if isInDoubt { return .noQuorum }
        if isDisputed(for: proposal.purpose) { return .disputed }
        if !takesEntries { return diskFullRefusal }
        let weight = proposal.payload.count + LogEntry.overheadBytes
        let isTooMuch =
            proposal.payload.count > settings.proposalBytes
            || (leadership?.uncommittedBytes ?? 0) + weight > settings.uncommittedBytes
            || commit.rawValue - applied.rawValue > settings.applyBacklogCount
            // Followers may commit without us: a hung disk must not gather entries for ever.
            || log.last.index.rawValue > writes.durable.rawValue + settings.undurableCount
        return isTooMuch ? .overloaded : nil
    }

    /// Adds an entry of this term to our own log.
    @discardableResult mutating func appendOwn(
        _ kind: LogEntry.Kind,
        payload: [UInt8]
    ) -> LogPosition {
        let position = LogPosition(term: term, index: log.last.index.next)
        let entry = LogEntry(position: position, kind: kind, payload: payload)
        if commit == log.last.index { leadership?.lateness.progressMS = now }
        log.append(entry)
        configuration.appended(entry)
        outbox.stage(entry)
        leadership?.uncommittedBytes += entry.weight
        return position
    }

    // MARK: - Sending

    /// Sends to every follower what fits its window.
    ///
    /// Most of them lack the same entries, and share them.
    mutating func replicate() {
        var latest: AppendRequest?
        for peer in 0..<(leadership?.peers.count ?? 0) { replicate(to: peer, sharing: &latest) }
    }

    private mutating func replicate(to peer: Int) {
        var latest: AppendRequest?
        replicate(to: peer, sharing: &latest)
    }

    private mutating func replicate(to peer: Int, sharing latest: inout AppendRequest?) {
        while let next = leadership?.peers[peer].next, next <= log.last.index,
            leadership?.peers[peer].mayAppend(settings) == true
        {
            sendAppend(to: peer, limit: settings.entryBytesPerMessage, sharing: &latest)
        }
    }

    /// Sends entries of at most `limit` bytes (0: none), or turns to the snapshot if they are gone.
    ///
    /// `latest` is the request made last with the same limit and wish, if one was; it may well be the
    /// next.
    private mutating func sendAppend(
        to peer: Int,
        limit: Int,
        acknowledgement: AppendRequest.Acknowledgement = .wanted,
        sharing latest: inout AppendRequest?
    ) {
        // Not the whole progress: held over the change below, its window would be copied each time.
        guard let next = leadership?.peers[peer].next, let voter = leadership?.peers[peer].voter
        else { return }
        let previous = LogIndex(next.rawValue - 1)
        guard let previousTerm = log.term(at: previous) else { return startSnapshot(to: peer) }
        let position = LogPosition(term: previousTerm, index: previous)
        if latest?.previous != position || latest?.commit != commit {
            latest = AppendRequest(
                previous: position,
                entries: limit == 0 ? [] : log.batch(from: next, byteLimit: limit),
                commit: commit,
                acknowledgement: acknowledgement
            )
        }
        guard let request = latest else { return }
        leadership?.peers[peer].sent(request)
        send(.append(request), to: voter)
    }

    /// Asks whether everything before the next entry arrived.
    private mutating func askWhatArrived(at peer: Int) {
        var latest: AppendRequest?
        sendAppend(to: peer, limit: 0, sharing: &latest)
    }

    /// Tells what is committed: followers apply it now, not at the next heartbeat.
    private mutating func tellCommit() {
        var latest: AppendRequest?
        for peer in 0..<(leadership?.peers.count ?? 0)
        where leadership?.peers[peer].isReplicating == true {
            sendAppend(to: peer, limit: 0, acknowledgement: .needless, sharing: &latest)
        }
    }

    /// A follower answered a heartbeat: if it lacks something, find out what got lost.
    mutating func nudge(_ peer: Int) {
        guard let match = leadership?.peers[peer].match, match < log.last.index else { return }
        switch leadership?.peers[peer].state {
        case nil: break
        case .snapshot: retryChunk(to: peer)
        case .probe:
            leadership?.peers[peer].resumeProbing()
            replicate(to: peer)
        case .replicate:
            if leadership?.peers[peer].inflight.count ?? 0 > 0 { askWhatArrived(at: peer) }
            replicate(to: peer)
        }
    }

    // MARK: - Answers

    mutating func appendAnswered(_ reply: AppendReply, from sender: Voter) {
        // Another store of the same node is nobody we know.
        guard let peer = leadership?.position(of: sender) else { return }
        switch reply {
        case .accepted(let index): accepted(index, by: peer)
        case .rejected(let previous, let hint):
            let agreement = log.lastAgreement(with: hint)
            let isNews = leadership?.peers[peer].rejected(
                previous: previous,
                agreement: agreement.index
            )
            if isNews == true { replicate(to: peer) }
        }
    }

    mutating func accepted(_ index: LogIndex, by peer: Int) {
        guard index <= log.last.index else { return ignore() }
        if leadership?.peers[peer].accepted(index) == true {
            commitReached()
            orderTakeoverIfReady()
        }
        replicate(to: peer)
    }

    // MARK: - Commit

    /// Commits what a quorum has made durable, if it is of this term (Raft §5.4.2, figure 8).
    mutating func commitReached() {
        guard role == .leader else { return }
        let reached = voters.quorumValue { voter in
            // Invariant 7: our own disk counts like any other.
            voter == me ? writes.durable : leadership?.peers.match(of: voter) ?? .zero
        }
        guard let reached, reached > commit, log.term(at: reached) == term else { return }
        advanceCommit(to: reached)
        tellCommit()
        startReadRound()
        configurationCommitted()
    }

    /// Counts one by one who has the log up to `index`: the proof of ``commitReached()``'s sum.
    func hasMajority(_ index: LogIndex) -> Bool {
        hasMajority(index, of: voters.incoming) && hasMajority(index, of: voters.outgoing)
    }

    private func hasMajority(_ index: LogIndex, of half: [Voter]) -> Bool {
        let have = half.count { voter in
            voter == me
                ? writes.durable >= index
                : leadership?.peers.match(of: voter) ?? .zero >= index
        }
        return half.isEmpty || have > half.count / 2
    }

    /// Whether this leader has settled what earlier terms left open, so that `commit` is current.
    var hasCommittedInTerm: Bool { log.term(at: commit) == term }
}
