// SPDX-License-Identifier: Apache-2.0

import Primitives

/// One attempt to become leader.
struct Candidacy: Sendable {
    let kind: VoteRequest.Kind
    /// The term to lead.
    let campaign: Term
    let startedMS: UInt64
    /// The write that makes our own vote durable; until then it does not count.
    let ownVote: WriteSequence?
    var supporters: [Voter]
}

/// The candidate's side of an election (Raft §5.2, thesis §9.6).
extension Raft {
    /// Starts an election, or the question whether one would succeed.
    ///
    /// Nobody campaigns who is no voter, whose log is about to be replaced by a snapshot, or whose state
    /// differs from the majority's.
    mutating func campaign(_ kind: VoteRequest.Kind) {
        resetElectionTimer()
        guard role != .leader, mayBeNeeded, mayLead, !isInstalling, !isQuarantined,
            term.next.rawValue < RaftMessage.numberLimit
        else { return }

        failForwardedReads(.leadershipLost)
        leader = nil
        switch kind {
        case .preVote: askAround()
        case .vote, .transfer: standForElection(kind)
        }
        winIfQuorum()
    }

    /// Asks whether an election would succeed, where no leader is known and no question is under way.
    mutating func standEarly() {
        // Before the first tick there is no clock to wait by.
        guard role == .follower, leader == nil, electionDeadlineMS != nil else { return }
        campaign(.preVote)
    }

    private mutating func askAround() {
        role = .preCandidate
        candidacy = Candidacy(
            kind: .preVote,
            campaign: term.next,
            startedMS: now,
            ownVote: nil,
            supporters: [me]
        )
        for voter in voters.deciders where voter != me {
            send(.voteRequest(question(.preVote, campaign: term.next)), to: voter)
        }
    }

    private mutating func standForElection(_ kind: VoteRequest.Kind) {
        hardState = HardState(term: term.next, vote: me.node)
        outbox.stage(hardState)
        role = .candidate
        candidacy = Candidacy(
            kind: kind,
            campaign: term,
            startedMS: now,
            ownVote: writes.nextSequence,
            supporters: []
        )
        for voter in voters.deciders where voter != me {
            // A candidate that forgot its term could ask twice in it, with different logs.
            sendWhenDurable(.voteRequest(question(kind, campaign: term)), to: voter)
        }
    }

    private func question(_ kind: VoteRequest.Kind, campaign: Term) -> VoteRequest {
        VoteRequest(kind: kind, campaign: campaign, lastLog: log.last)
    }

    /// Counts an answer, if it is to the question we are asking now.
    mutating func count(_ reply: VoteReply, from sender: Voter) {
        guard reply.granted, let candidacy, reply.kind == candidacy.kind,
            reply.campaign == candidacy.campaign
        else { return }
        support(from: sender)
    }

    /// Counts our own vote once it is durable.
    mutating func countOwnVote() {
        guard let own = candidacy?.ownVote, own <= writes.finishedSequence else { return }
        support(from: me)
    }

    private mutating func support(from voter: Voter) {
        guard candidacy?.supporters.contains(voter) == false else { return }
        candidacy?.supporters.append(voter)
        winIfQuorum()
    }

    private mutating func winIfQuorum() {
        guard let candidacy, voters.isQuorum(where: { candidacy.supporters.contains($0) }) else {
            return
        }
        switch candidacy.kind {
        case .preVote: campaign(.vote)
        case .vote, .transfer: lead(since: candidacy.startedMS)
        }
    }

    /// Takes office: a no-op settles what earlier terms left open (Raft §8).
    private mutating func lead(since startedMS: UInt64) {
        role = .leader
        leader = me.node
        leaderHeardMS = nil
        candidacy = nil
        let next = log.last.index.next
        leadership = Leadership(
            peers: voters.members.filter { $0 != me }.map { Progress(voter: $0, next: next) },
            rounds: QuorumRounds(electedAtMS: startedMS),
            uncommittedBytes: log.entries(from: commit.next, through: log.last.index)
                .reduce(0) { $0 + $1.weight }
        )
        appendOwn(.noop, payload: [])
        countOwnDigests()
        beat()
        replicate()
    }
}
