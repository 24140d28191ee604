// SPDX-License-Identifier: Apache-2.0

import Primitives

/// Linearizable reads at a follower: one question to the leader for all that wait.
extension Raft {
    mutating func forwardRead(_ request: RaftRequestID) {
        guard leader != nil else {
            return outbox.tell(.readFailed(request, .notLeader(hint: nil)))
        }
        guard forwarding.count < settings.pendingReadCount else {
            return outbox.tell(.readFailed(request, .overloaded))
        }
        let deadline = now + settings.electionMS
        forwarding.add(ReadForwarding.Read(request: request, deadlineMS: deadline))
        askLeader()
    }

    private mutating func askLeader() {
        guard forwarding.nonce == nil, !forwarding.waiting.isEmpty, let leaderVoter else { return }
        // Random, so that an answer meant for an earlier life of this node finds nobody.
        let nonce = random.next()
        forwarding.ask(nonce: nonce, now: now, retryTimes)
        send(.readRequest(ReadRequest(nonce: nonce)), to: leaderVoter)
    }

    /// An answer takes two round trips: to the leader, and from it to a quorum.
    private var retryTimes: ReadForwarding.RetryTimes {
        .init(leastMS: settings.heartbeatMS, unmeasuredMS: settings.electionMS / 4)
    }

    mutating func readAnswered(_ reply: ReadReply, from sender: Voter) {
        guard reply.nonce == forwarding.nonce, sender.node == leader else { return }
        forwarding.answered(now: now)
        for read in forwarding.takeAsked() {
            switch reply.outcome {
            case .ready(let index): outbox.tell(.readReady(read.request, index))
            case .notLeader: outbox.tell(.readFailed(read.request, .notLeader(hint: nil)))
            case .overloaded: outbox.tell(.readFailed(read.request, .overloaded))
            case .noQuorum: outbox.tell(.readFailed(read.request, .noQuorum))
            case .leadershipLost: outbox.tell(.readFailed(read.request, .leadershipLost))
            }
        }
        askLeader()
    }

    /// Gives up what has waited too long, and asks again for what may be lost.
    mutating func watchForwardedReads() {
        guard forwarding.count > 0 else { return }
        for read in forwarding.takeExpired(now: now) {
            outbox.tell(.readFailed(read.request, .noQuorum))
        }
        if let leaderVoter, let nonce = forwarding.takeOverdue(now: now, retryTimes) {
            send(.readRequest(ReadRequest(nonce: nonce)), to: leaderVoter)
        }
        askLeader()
    }

    mutating func failForwardedReads(_ refusal: RaftRefusal) {
        for read in forwarding.takeAll() { outbox.tell(.readFailed(read.request, refusal)) }
    }
}
