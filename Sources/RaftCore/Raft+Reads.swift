// SPDX-License-Identifier: Apache-2.0

import Primitives

/// Linearizable reads at the leader.
extension Raft {
    mutating func read(_ request: RaftRequestID) {
        guard !isQuarantined else { return outbox.tell(.readFailed(request, .quarantined)) }
        guard role == .leader else { return forwardRead(request) }
        if let refusal = refusalOfRead {
            return outbox.tell(.readFailed(request, refusal))
        }
        leadership?.reads.add(.local(request))
        startReadRound()
    }

    /// A follower asks for all reads that wait there.
    ///
    /// With three voters its question is the proof as well. When it was sent, behind all those reads, its
    /// sender was in our term, and so are we now: a quorum that had voted for no later leader when the
    /// reads began. That is all that the answers to a round would say, and nothing about other reads.
    mutating func readRequested(_ request: ReadRequest, from sender: Voter) {
        let reader = ReadQueue.Reader.remote(sender, nonce: request.nonce)
        if let refusal = refusalOfRead { return answerRead(reader, failing: refusal) }
        if hasCommittedInTerm, voters.isQuorum(where: { $0 == me || $0 == sender }) {
            return answer(reader, with: commit)
        }
        leadership?.reads.add(reader)
        startReadRound()
    }

    private var refusalOfRead: RaftRefusal? {
        guard let leadership else { return .notLeader(hint: leader) }
        if isInDoubt { return .noQuorum }
        return leadership.reads.count >= settings.pendingReadCount ? .overloaded : nil
    }

    /// Makes a round for the reads that wait, unless one is under way.
    ///
    /// Before the first commit of its term a leader does not know how far the log is committed, so
    /// it holds them (etcd#7331).
    mutating func startReadRound() {
        guard leadership?.reads.wantsRound == true, hasCommittedInTerm else { return }
        // Asked before the round is made, so that a lone voter's own answer settles it.
        let token = (leadership?.rounds.latest ?? 0) + 1
        leadership?.reads.ask(round: token, index: commit)
        let made = beatForReads()
        precondition(made >= token, "round \(made) made for reads that wait for \(token)")
    }

    mutating func answerConfirmedReads() {
        let confirmed = leadership?.rounds.confirmed ?? 0
        guard let settled = leadership?.reads.takeSettled(confirmed: confirmed) else { return }
        for reader in settled.readers { answer(reader, with: settled.index) }
        startReadRound()
    }

    private mutating func answer(_ reader: ReadQueue.Reader, with index: LogIndex) {
        switch reader {
        case .local(let request): outbox.tell(.readReady(request, index))
        case .remote(let voter, let nonce):
            send(.readReply(ReadReply(nonce: nonce, outcome: .ready(index))), to: voter)
        }
    }

    mutating func failLeaderReads(_ refusal: RaftRefusal) {
        for reader in leadership?.reads.takeAll() ?? [] { answerRead(reader, failing: refusal) }
    }

    // MARK: - Whom a round asks

    /// Makes a round for reads, and asks no more voters than its proof needs: the others would be woken
    /// for nothing.
    ///
    /// It is no heartbeat; those come as often as ever.
    private mutating func beatForReads() -> UInt64 {
        guard let asked = promptQuorum, let round = leadership?.rounds.make(now: now) else {
            return beat()
        }
        let usualMS = asked.compactMap { leadership?.peers[$0].roundTripMS }.max() ?? 0
        leadership?.reads.asksAllMS = now + max(settings.heartbeatMS / 4, 2 * usualMS)
        for peer in asked { sendHeartbeat(round, to: peer) }
        confirmRounds()  // A lone voter is its own quorum.
        return round
    }

    /// Asks everybody where those who were asked for reads have not answered in time.
    mutating func hurryReads() {
        guard let dueMS = leadership?.reads.asksAllMS, now >= dueMS else { return }
        beat()
    }

    /// The fewest others that make a quorum with us, soonest to answer first, by their places; `nil`
    /// unless enough of them were heard within two heartbeats.
    private var promptQuorum: [Int]? {
        guard let peers = leadership?.peers else { return nil }
        let prompt = peers.indices.filter { place in
            guard let contactMS = peers[place].contactMS else { return false }
            return voters.decides(peers[place].voter) && now - contactMS <= 2 * settings.heartbeatMS
        }
        let soonest = prompt.sorted { left, right in
            let (first, second) = (peers[left].roundTripMS ?? 0, peers[right].roundTripMS ?? 0)
            return first != second ? first < second : left < right
        }
        let counts = 0...soonest.count
        return counts.lazy.map { soonest.prefix($0) }.first { asked in
            voters.isQuorum { voter in
                voter == me || asked.contains { peers[$0].voter == voter }
            }
        }.map(Array.init)
    }

    private mutating func answerRead(_ reader: ReadQueue.Reader, failing refusal: RaftRefusal) {
        switch reader {
        case .local(let request): outbox.tell(.readFailed(request, refusal))
        case .remote(let voter, let nonce):
            send(.readReply(ReadReply(nonce: nonce, outcome: .init(refusal))), to: voter)
        }
    }
}

extension ReadReply.Outcome {
    fileprivate init(_ refusal: RaftRefusal) {
        switch refusal {
        case .notLeader: self = .notLeader
        case .overloaded: self = .overloaded
        case .noQuorum: self = .noQuorum
        case .transferring, .leadershipLost, .quarantined, .disputed: self = .leadershipLost
        }
    }
}
