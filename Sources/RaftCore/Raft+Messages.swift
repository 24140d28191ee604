// SPDX-License-Identifier: Apache-2.0

import Primitives

extension Raft {
    /// Takes a message that nobody vouches for.
    mutating func receive(_ message: RaftMessage, from sender: Voter) {
        guard sender.node != me.node, message.isPlausible else { return ignore() }

        // A question that must change nothing here, not even the term (thesis §9.6).
        if case .voteRequest(let request) = message.body {
            return answer(request, from: sender)
        }
        if case .voteReply(let reply) = message.body, reply.kind == .preVote, reply.granted {
            // A voter of an earlier term may well support us: its answer is not of the past.
            return count(reply, from: sender)
        }
        if message.term > term {
            // Only a leader's own words tell who leads in the new term.
            becomeFollower(term: message.term, leader: nil)
        }
        if message.term < term { return answerFromThePast(message, from: sender) }
        dispatch(message.body, from: sender)
    }

    private mutating func dispatch(_ body: RaftMessage.Body, from sender: Voter) {
        noteContact(with: sender)
        switch body {
        case .voteRequest: break  // Answered before.
        case .voteReply(let reply): count(reply, from: sender)
        case .append(let request): append(request, from: sender)
        case .appendReply(let reply): appendAnswered(reply, from: sender)
        case .heartbeat(let heartbeat): answer(heartbeat, from: sender)
        case .heartbeatReply(let reply): heartbeatAnswered(reply, from: sender)
        case .readRequest(let request): readRequested(request, from: sender)
        case .readReply(let reply): readAnswered(reply, from: sender)
        case .snapshotChunk(let chunk): take(chunk, from: sender)
        case .snapshotReply(let reply): chunkAnswered(reply, from: sender)
        case .timeoutNow(let order): takeOver(order, from: sender)
        case .stateReport(let digest): stateReported(digest, from: sender)
        case .stateVerdict(let verdict): stateJudged(verdict, from: sender)
        }
    }

    /// A leader that was replaced learns it from our term; everything else of the past is void.
    private mutating func answerFromThePast(_ message: RaftMessage, from sender: Voter) {
        switch message.body {
        case .append, .heartbeat, .snapshotChunk:
            send(.heartbeatReply(HeartbeatReply(round: 0, stamp: now)), to: sender)
        case .readRequest(let request):
            send(.readReply(ReadReply(nonce: request.nonce, outcome: .notLeader)), to: sender)
        case .voteRequest, .voteReply, .appendReply, .heartbeatReply, .readReply, .snapshotReply,
            .timeoutNow, .stateReport, .stateVerdict:
            break
        }
    }

    /// Follows the sender of a leader's message in our own term; `false` if it cannot be the leader.
    mutating func follow(_ sender: Voter) -> Bool {
        guard role != .leader, leader == nil || leader == sender.node else {
            ignore()  // Two leaders in one term: impossible, unless somebody lies.
            return false
        }
        becomeFollower(term: term, leader: sender.node)
        leaderStore = sender.store
        guard !isLeaderAlone else { return true }
        leaderHeardMS = now
        resetElectionTimer()
        return true
    }

    mutating func send(_ body: RaftMessage.Body, to voter: Voter) {
        outbox.send(RaftMessage(term: term, body: body), to: voter)
    }

    /// For votes and acknowledgements: promises that must survive a crash.
    mutating func sendWhenDurable(_ body: RaftMessage.Body, to voter: Voter) {
        outbox.sendWhenDurable(RaftMessage(term: term, body: body), to: voter)
    }
}
