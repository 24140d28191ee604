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
    mutating func readRequested(_ request: ReadRequest, from sender: Voter) {
        if let refusal = refusalOfRead {
            return answerRead(.remote(sender, nonce: request.nonce), failing: refusal)
        }
        leadership?.reads.add(.remote(sender, nonce: request.nonce))
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
        let made = beat()
        precondition(made >= token, "round \(made) made for reads that wait for \(token)")
    }

    mutating func answerConfirmedReads() {
        let confirmed = leadership?.rounds.confirmed ?? 0
        guard let settled = leadership?.reads.takeSettled(confirmed: confirmed) else { return }
        for reader in settled.readers {
            switch reader {
            case .local(let request): outbox.tell(.readReady(request, settled.index))
            case .remote(let voter, let nonce):
                send(.readReply(ReadReply(nonce: nonce, outcome: .ready(settled.index))), to: voter)
            }
        }
        startReadRound()
    }

    mutating func failLeaderReads(_ refusal: RaftRefusal) {
        for reader in leadership?.reads.takeAll() ?? [] { answerRead(reader, failing: refusal) }
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
