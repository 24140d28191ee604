// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
package import Primitives
package import RaftCore

/// What a leader does next so that the right workers vote.
///
/// ```
///   the votes are not as they should be ─▶ an aim: who leaves, who comes (``aims``)
///                                       ─▶ enlist each newcomer: it makes a log
///                                       ─▶ learner: it gets the log, until it has caught up
///                                       ─▶ one joint change: the newcomers for those who leave
///                                       ─▶ release whoever keeps a log and is no member
/// ```
/// A pure function of what the leader sees, asked again and again: whatever was interrupted, by
/// whichever leader, is gone on with. Each step is safe by itself: a worker with a log that is no
/// member changes nothing, and neither does one that is told to let go of it.
package struct VoterPlan: Sendable {
    package enum Step: Sendable, Equatable {
        /// Have this worker make a log, or take up the one it had.
        case enlist(NodeID)
        /// Give this learner time to get the log.
        case wait(NodeID)
        case change(MembershipChange)
        /// Have this worker stop voting and follow the feed.
        case release(NodeID)
    }

    /// What the leader sees of the workers, each by its node.
    package struct Sight: Sendable {
        package var isAlive: @Sendable (NodeID) -> Bool
        /// Whether a member has been heard by consensus lately.
        package var isInContact: @Sendable (NodeID) -> Bool
        /// For how long a voter was not heard by consensus, in milliseconds.
        package var silenceMS: @Sendable (NodeID) -> UInt64
        /// Whether the worker says that consensus runs there.
        package var hasLog: @Sendable (NodeID) -> Bool
        /// Whether a learner has nearly the whole log.
        package var isCaughtUp: @Sendable (NodeID) -> Bool

        package init(
            isAlive: @escaping @Sendable (NodeID) -> Bool,
            isInContact: (@Sendable (NodeID) -> Bool)? = nil,
            silenceMS: @escaping @Sendable (NodeID) -> UInt64 = { _ in 0 },
            hasLog: @escaping @Sendable (NodeID) -> Bool,
            isCaughtUp: @escaping @Sendable (NodeID) -> Bool = { _ in true }
        ) {
            self.isAlive = isAlive
            self.isInContact = isInContact ?? isAlive
            self.silenceMS = silenceMS
            self.hasLog = hasLog
            self.isCaughtUp = isCaughtUp
        }
    }

    /// How long a voter may be silent before another gets its vote, in milliseconds: five minutes.
    package static let patienceMS: UInt64 = 300_000

    /// The members of the consensus, committed and not joint.
    package let members: VoterSet
    package let catalog: Catalog
    package let sight: Sight
    /// Who asks; leaves last of those that could as well.
    package let leader: NodeID?
    /// Workers that did not come to vote when they were asked to: the last ones to be asked again.
    package let failed: [NodeID]
    /// The worker that was chosen before: it stays it as long as it is fit, whoever else turns up.
    package let chosen: NodeID?
    /// Whether a lost vote still waits for the worker that has its name now.
    package let isWaitingForNamesake: Bool
    package let patienceMS: UInt64
    /// The region that is to lead, by what was measured; `nil`: by how many votes it has.
    package let leadingRegion: String?
    /// What should be changed, most urgent first, whether or not it can be done now.
    package private(set) var aims: [VoterAim] = []

    package init(
        members: VoterSet,
        catalog: Catalog,
        sight: Sight,
        leader: NodeID? = nil,
        failed: [NodeID] = [],
        chosen: NodeID? = nil,
        isWaitingForNamesake: Bool = false,
        patienceMS: UInt64 = VoterPlan.patienceMS,
        leadingRegion: String? = nil
    ) {
        self.members = members
        self.catalog = catalog
        self.sight = sight
        self.leader = leader
        self.failed = failed
        self.chosen = chosen
        self.isWaitingForNamesake = isWaitingForNamesake
        self.patienceMS = patienceMS
        self.leadingRegion = leadingRegion
        if !members.isJoint { aims = allAims }
    }

    /// The first aim that nothing stands in the way of.
    package var move: VoterAim? { aims.first { $0.obstacle == nil } }

    /// `nil` while all is as it should be, or nobody fit is there.
    package var next: Step? {
        guard !members.isJoint else { return nil }
        // Who is to come once a voter is back keeps its log meanwhile.
        let coming = (move ?? aims.first)?.coming.map(Voter.init) ?? []
        let useless = members.learners.filter { !isFit($0) || !coming.contains($0) }
        if !useless.isEmpty {
            let left = members.learners.filter { !useless.contains($0) }
            return .change(change(voters: members.incoming, learners: left))
        }
        if let move { return step(towards: move) }
        if members.priorities != priorities(of: members.incoming) {
            return .change(change(voters: members.incoming, learners: members.learners))
        }
        return idleLog(except: coming).map(Step.release)
    }

    /// The first voter whose store is no worker's any more.
    package var lost: Voter? { members.incoming.first { !isRegistered($0) } }

    func isRegistered(_ voter: Voter) -> Bool {
        catalog.worker(id: voter.node)?.store == voter.store
    }

    /// Whether a learner is one that a vote can be given to.
    func isFit(_ learner: Voter) -> Bool {
        isRegistered(learner) && sight.isInContact(learner.node) && !failed.contains(learner.node)
    }

    // MARK: - Steps

    private func step(towards aim: VoterAim) -> Step {
        for worker in aim.coming {
            // It may have laid its log down just before it became a learner.
            guard sight.hasLog(worker.id) else { return .enlist(worker.id) }
            let voter = Voter(worker)
            guard members.learners.contains(voter) else {
                let learners = members.learners + [voter]
                return .change(change(voters: members.incoming, learners: learners))
            }
            guard sight.isCaughtUp(worker.id) else { return .wait(worker.id) }
        }
        let newcomers = aim.coming.map(Voter.init)
        return .change(
            change(
                voters: members.incoming.filter { !aim.leaving.contains($0) } + newcomers,
                learners: members.learners.filter { !newcomers.contains($0) }
            )
        )
    }

    private func change(voters: [Voter], learners: [Voter]) -> MembershipChange {
        MembershipChange(
            expected: members,
            voters: voters,
            learners: learners,
            priorities: priorities(of: voters)
        )
    }

    private func idleLog(except coming: [Voter]) -> NodeID? {
        let kept = members.members + coming
        return catalog.workers.first { worker in
            sight.hasLog(worker.id) && sight.isAlive(worker.id) && !kept.contains(Voter(worker))
        }?.id
    }
}

extension VoterPlan.Step {
    /// The worker that is to get a vote by this step or a later one.
    var candidate: NodeID? {
        switch self {
        case .enlist(let node), .wait(let node): node
        case .change(let change):
            change.learners.last { !change.expected.learners.contains($0) }?.node
                ?? change.voters.first { !change.expected.incoming.contains($0) }?.node
        case .release: nil
        }
    }
}

extension Voter {
    /// The vote that this worker has or would have.
    init(_ worker: WorkerEntry) { self.init(node: worker.id, store: worker.store) }
}
