// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
package import Primitives
package import RaftCore

/// What a leader does next so that every vote belongs to a store that exists.
///
/// ```
///   a vote's store is lost ─▶ enlist a worker: it makes a log
///                          ─▶ learner: it gets the log
///                          ─▶ one joint change: its vote for the lost one
///                          ─▶ release whoever keeps a log and is no member
/// ```
/// A pure function of what the leader sees, asked again and again: whatever was interrupted, by
/// whichever leader, is gone on with. Each step is safe by itself: a worker with a log that is no
/// member changes nothing, and neither does one that is told to let go of it.
package struct VoterPlan: Sendable {
    package enum Step: Sendable, Equatable {
        /// Have this worker make a log, or take up the one it had.
        case enlist(NodeID)
        case change(MembershipChange)
        /// Have this worker stop voting and follow the feed.
        case release(NodeID)
    }

    /// The members of the consensus, committed and not joint.
    package let members: VoterSet
    package let catalog: Catalog
    package let isAlive: @Sendable (NodeID) -> Bool
    /// Whether a learner has been heard by consensus lately.
    package let isInContact: @Sendable (NodeID) -> Bool
    /// Whether the worker says that consensus runs there.
    package let hasLog: @Sendable (NodeID) -> Bool
    /// Workers that did not come to vote when they were asked to: the last ones to be asked again.
    package let failed: [NodeID]
    /// The worker that was chosen before: it stays it as long as it is fit, whoever else turns up.
    package let chosen: NodeID?
    /// Whether a lost vote still waits for the worker that has its name now.
    package let isWaitingForNamesake: Bool

    package init(
        members: VoterSet,
        catalog: Catalog,
        isAlive: @escaping @Sendable (NodeID) -> Bool,
        isInContact: (@Sendable (NodeID) -> Bool)? = nil,
        hasLog: @escaping @Sendable (NodeID) -> Bool,
        failed: [NodeID] = [],
        chosen: NodeID? = nil,
        isWaitingForNamesake: Bool = false
    ) {
        self.members = members
        self.catalog = catalog
        self.isAlive = isAlive
        self.isInContact = isInContact ?? isAlive
        self.hasLog = hasLog
        self.failed = failed
        self.chosen = chosen
        self.isWaitingForNamesake = isWaitingForNamesake
    }

    /// `nil` while all is as it should be, or nobody fit is there.
    package var next: Step? {
        guard !members.isJoint else { return nil }
        let useless = members.learners.filter { !isFit($0) || lost == nil }
        if !useless.isEmpty { return .change(change(learners: members.learners - useless)) }
        if let lost {
            if let successor = members.learners.first {
                // It may have laid its log down just before it became a learner.
                guard hasLog(successor.node) else { return .enlist(successor.node) }
                return .change(hand(lost, to: successor))
            }
            if let candidate = bestSuccessor(of: lost) { return admit(candidate) }
        }
        return idleLog.map(Step.release)
    }

    /// The first voter whose store is no worker's any more.
    package var lost: Voter? {
        members.incoming.first { catalog.worker(id: $0.node)?.store != $0.store }
    }

    private func isFit(_ voter: Voter) -> Bool {
        catalog.worker(id: voter.node)?.store == voter.store && isInContact(voter.node)
            && !failed.contains(voter.node)
    }

    // MARK: - Steps

    private func admit(_ worker: WorkerEntry) -> Step {
        guard hasLog(worker.id) else { return .enlist(worker.id) }
        return .change(change(learners: [Voter(node: worker.id, store: worker.store)]))
    }

    private func change(learners: [Voter]) -> MembershipChange {
        MembershipChange(
            expected: members,
            voters: members.incoming,
            learners: learners,
            priorities: members.priorities
        )
    }

    /// The successor votes instead, and inherits how much the cluster wants it to lead.
    private func hand(_ lost: Voter, to successor: Voter) -> MembershipChange {
        MembershipChange(
            expected: members,
            voters: members.incoming.filter { $0 != lost } + [successor],
            learners: members.learners.filter { $0 != successor },
            priorities: members.priorities.map { priority in
                guard priority.node == lost.node else { return priority }
                return VoterSet.Priority(node: successor.node, value: priority.value)
            }
        )
    }

    private var idleLog: NodeID? {
        let members = members.members
        return catalog.workers.first { worker in
            hasLog(worker.id) && isAlive(worker.id)
                && !members.contains(Voter(node: worker.id, store: worker.store))
        }?.id
    }

    // MARK: - Who

    /// Who was chosen before, else the worker that has the lost one's name now, else one whose zone has
    /// fewest votes; by name.
    private func bestSuccessor(of lost: Voter) -> WorkerEntry? {
        let staying = members.incoming.compactMap { catalog.worker(id: $0.node) }
        let name = catalog.retired(store: lost.store)?.name
        func rank(_ worker: WorkerEntry) -> (Int, Int, Int, Int, Int) {
            let neighbours = staying.filter { $0.region == worker.region }
            let crowd = neighbours.count { $0.zone == worker.zone }
            let isFar = catalog.cluster?.survival == .zone && neighbours.isEmpty
            let hasFailed = failed.contains(worker.id) ? 1 : 0
            let isOther = worker.id == chosen ? 0 : 1
            return (hasFailed, isOther, worker.name == name ? 0 : 1, isFar ? 1 : 0, crowd)
        }
        let best = catalog.workers.filter(isCandidate).min { rank($0) < rank($1) }
        return isWaitingForNamesake && best?.name != name ? nil : best
    }

    private func isCandidate(_ worker: WorkerEntry) -> Bool {
        [.joining, .active].contains(worker.state) && isAlive(worker.id)
            && !members.members.contains { $0.node == worker.id }
    }
}

extension VoterPlan.Step {
    /// The worker that is to get a vote by this step or a later one.
    var candidate: NodeID? {
        switch self {
        case .enlist(let node): node
        case .change(let change):
            change.learners.first?.node
                ?? change.voters.first { !change.expected.incoming.contains($0) }?.node
        case .release: nil
        }
    }
}

extension Array where Element: Equatable {
    fileprivate static func - (left: Self, right: Self) -> Self {
        left.filter { !right.contains($0) }
    }
}
