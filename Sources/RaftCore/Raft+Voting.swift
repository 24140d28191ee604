// SPDX-License-Identifier: Apache-2.0

import Primitives

/// The voter's side of an election.
///
/// Answers anyone, whatever role or configuration this node believes in: its own view of who votes
/// may be behind the candidate's (camunda#57386).
extension Raft {
    mutating func answer(_ request: VoteRequest, from sender: Voter) {
        switch request.kind {
        case .preVote: answerQuestion(request, from: sender)
        case .vote:
            // Not even the term is taken over: whoever was cut off cannot unseat a live leader.
            if !hearsLeader { decide(request, from: sender) }
        case .transfer: decide(request, from: sender)
        }
    }

    /// Whether a leader is known to be alive, so that there is nothing to vote about (thesis §4.2.3).
    private var hearsLeader: Bool {
        if role == .leader { return true }  // Check-quorum sees to it that this is so.
        guard leader != nil, let leaderHeardMS else { return false }
        return now - leaderHeardMS < settings.electionMS
    }

    private mutating func answerQuestion(_ request: VoteRequest, from sender: Voter) {
        let granted = !hearsLeader && request.campaign > term && isUpToDate(request)
        reply(to: request, granted: granted, sender: sender)
    }

    private mutating func decide(_ request: VoteRequest, from sender: Voter) {
        if request.campaign > term { becomeFollower(term: request.campaign, leader: nil) }
        let isCurrent = request.campaign == term
        let isFree = hardState.vote == nil || hardState.vote == sender.node
        guard isCurrent, isFree, leader == nil, role == .follower, isUpToDate(request) else {
            return reply(to: request, granted: false, sender: sender)
        }

        if hardState.vote == nil {
            hardState = HardState(term: term, vote: sender.node)
            outbox.stage(hardState)
        }
        resetElectionTimer()
        reply(to: request, granted: true, sender: sender)
    }

    /// Raft §5.4.1: keeps committed entries.
    private func isUpToDate(_ request: VoteRequest) -> Bool { request.lastLog >= log.last }

    private mutating func reply(to request: VoteRequest, granted: Bool, sender: Voter) {
        let reply = VoteReply(kind: request.kind, campaign: request.campaign, granted: granted)
        if granted, request.kind != .preVote {
            sendWhenDurable(.voteReply(reply), to: sender)
        } else {
            send(.voteReply(reply), to: sender)
        }
    }
}
