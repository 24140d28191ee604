// SPDX-License-Identifier: Apache-2.0
import Codecs
import Glibc
import Logging
import PeerTransport
import Primitives
import RaftCore
import Synchronization

/// Taking up consensus on this worker, and laying it down, as a leader says.
///
/// Neither can harm: a log that is no member's counts for nobody, and one that is laid down is as if
/// its worker had crashed. It stays on the disk with its term and vote, so that a worker that votes
/// again breaks no promise.
extension CoordinationNode {
    func answerEnlistment(
        _ body: [UInt8],
        from remote: PeerHello
    ) throws(PeerFailure) -> [UInt8] {
        let assignment = try assignment(body, from: remote)
        // Else it votes, or just begins to.
        guard let state = membership.beginVoting() else { return [] }
        do throws(MembershipStoreError) {
            try store.enlist()
        } catch {
            membership.endVoting(state)
            log.error("no log can be made for a vote", metadata: ["error": "\(error)"])
            throw .because(.unknown, "\(error)")
        }
        do throws(MembershipStoreError) {
            try startVoting()
        } catch {
            // The disk says voter: a process that goes on without its log would lie.
            log.critical("the log cannot be opened; ending", metadata: ["error": "\(error)"])
            _exit(1)
        }
        membership.endVoting(state.voting)
        log.notice(
            "takes part in consensus",
            metadata: ["raft.term": "\(assignment.term.rawValue)"]
        )
        return []
    }

    func answerRelease(
        _ body: [UInt8],
        from remote: PeerHello
    ) throws(PeerFailure) -> [UInt8] {
        let assignment = try assignment(body, from: remote)
        guard let voting = voting.withLock({ $0 }) else { return [] }
        let state = voting.driver.state
        let isNewer =
            state.term > assignment.term
            || (state.committedConfigurationIndex > assignment.configuration
                && state.committedVoters.members.contains { $0.node == membership.node })
        guard !isNewer else { throw .because(.refused, "a later configuration names this worker") }
        guard let before = membership.beginObserving() else { return [] }
        self.voting.withLock { $0 = nil }
        // A write that hangs could land in a log that is opened anew here.
        let isStopped = voting.stop()
        for kind in [Alarm.Kind.diskFull, .diskLow, .logRot] { alarms.clear(kind) }
        do throws(MembershipStoreError) {
            try store.release()
        } catch {
            log.critical("the identity cannot be written; ending", metadata: ["error": "\(error)"])
            _exit(1)
        }
        guard isStopped, !replica.isRebuilding else {
            // Only a start from the disk is clean: it finds a worker without a vote.
            log.critical("consensus cannot be laid down in this process; ending")
            _exit(1)
        }
        membership.endVoting(before.observing)
        log.notice("has no vote any more", metadata: ["raft.term": "\(assignment.term.rawValue)"])
        return []
    }

    private func assignment(
        _ body: [UInt8],
        from remote: PeerHello
    ) throws(PeerFailure) -> VoteAssignment {
        guard let cluster = membership.cluster, remote.cluster == cluster else {
            throw .because(.notInitialised, "not a member of your cluster")
        }
        guard let assignment = try? VoteAssignment(decoding: body) else {
            throw .because(.badRequest, "not an assignment of a vote")
        }
        return assignment
    }
}
