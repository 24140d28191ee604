// SPDX-License-Identifier: Apache-2.0

import Primitives

/// The leader's side of membership changes (Raft §6), joint consensus only.
///
/// ```
///   C old ──▶ C old + learner ──caught up──▶ joint (old, new) ──committed──▶ C new
///          1 entry                     1 entry                      appended by any leader
/// ```
/// A configuration is in force from the moment it is appended. Nobody is removed and added in steps:
/// between two single steps of two leaders quorums need not overlap (Ongaro, 2015).
extension Raft {
    mutating func changeMembers(_ request: RaftRequestID, _ change: MembershipChange) {
        if let refusal = refusal(of: change) {
            return outbox.tell(.changeRefused(request, refusal))
        }
        outbox.tell(.proposed(request, appendConfiguration(change.entry)))
        replicate()
        commitReached()
    }

    private func refusal(of change: MembershipChange) -> MembershipRefusal? {
        guard role == .leader, let leadership else { return .notLeader(hint: leader) }
        guard change.isWellFormed else { return .malformed }
        if leadership.transfer != nil { return .transferring }
        if isInDoubt { return .noQuorum }
        guard hasCommittedInTerm else { return .tooEarly }
        guard voters == change.expected else { return .superseded(by: voters) }
        guard configuration.currentIndex <= commit, !voters.isJoint else { return .underWay }

        let late = change.voters.filter { !voters.decides($0) && !isCaughtUp($0) }
        guard late.isEmpty else { return .notCaughtUp(late) }
        let isHealthy = VoterSet(incoming: change.voters).isQuorum { $0 == me || isHeardLately($0) }
        return isHealthy ? nil : .noQuorum
    }

    /// Appends a configuration, which is in force from now on.
    @discardableResult private mutating func appendConfiguration(_ next: VoterSet) -> LogPosition {
        precondition(
            configuration.currentIndex <= commit
                && (!voters.isJoint || (next.incoming == voters.incoming && !next.isJoint)),
            "invariant 9: \(next) after \(voters), \(statusLine)"
        )
        let before = voters
        let position = appendOwn(.configuration, payload: next.encode())
        precondition(voters == next, "a configuration reads back as another, \(statusLine)")
        followMembers(since: before)
        return position
    }

    /// Gives every new member a place in the books, and lets those who leave see that they did.
    private mutating func followMembers(since before: VoterSet) {
        let members = voters.members
        for voter in members where voter != me && leadership?.position(of: voter) == nil {
            leadership?.peers.append(Progress(voter: voter, next: log.last.index))
        }
        leadership?.departing.removeAll { members.contains($0.voter) }
        for voter in before.members where voter != me && !members.contains(voter) {
            leadership?.departing.append((voter, untilMS: now + 2 * settings.electionMS))
        }
        leadership?.peers.sort { $0.voter < $1.voter }
    }

    mutating func dropDeparted() {
        guard let departing = leadership?.departing, !departing.isEmpty else { return }
        for gone in departing where now >= gone.untilMS {
            leadership?.peers.removeAll { $0.voter == gone.voter }
        }
        leadership?.departing.removeAll { now >= $0.untilMS }
    }

    // MARK: - When a configuration is committed

    mutating func configurationCommitted() {
        leaveJointIfReady()
        resignIfRemoved()
    }

    /// Ends a committed joint configuration, whichever leader began it; not while handing over.
    mutating func leaveJointIfReady() {
        guard role == .leader, voters.isJoint, configuration.currentIndex <= commit,
            hasCommittedInTerm, leadership?.transfer == nil
        else { return }
        appendConfiguration(
            VoterSet(
                incoming: voters.incoming,
                learners: voters.learners,
                priorities: voters.priorities
            )
        )
        replicate()
        commitReached()
    }

    /// A leader that has no vote any more leads until that is committed, then names an heir.
    private mutating func resignIfRemoved() {
        guard role == .leader, !isVoter, configuration.currentIndex <= commit else { return }
        if let heir = bestHeir, leadership?.progress(of: heir)?.match == log.last.index {
            send(.timeoutNow(TimeoutNow(lastIndex: log.last.index)), to: heir)
        }
        beat()  // The last one: whoever follows commits the change and need not wait for us.
        becomeFollower(term: term, leader: nil)
    }

    // MARK: - Who is fit

    /// Whether a learner has nearly the whole log, so that its vote would not hold commits up.
    private func isCaughtUp(_ voter: Voter) -> Bool {
        guard voter != me else { return true }
        guard let peer = leadership?.progress(of: voter), peer.state == .replicate,
            isHeardLately(voter)
        else { return false }
        let lag = log.last.index.rawValue - min(peer.match.rawValue, log.last.index.rawValue)
        return lag <= max(settings.catchUpEntryCount, log.last.index.rawValue / 100)
    }

    private func isHeardLately(_ voter: Voter) -> Bool {
        guard let contact = leadership?.progress(of: voter)?.contactMS else { return false }
        return now - min(now, contact) <= settings.electionMS
    }
}
