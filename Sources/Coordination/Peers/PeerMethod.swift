// SPDX-License-Identifier: Apache-2.0
package import PeerTransport

/// What workers ask of each other; the numbers are on the wire and never change meaning.
package enum PeerMethod: UInt8, Sendable {
    /// A command for the leader: ``ProposalRequest`` → ``ProposalReply``.
    case propose = 1
    /// A read index from a voter, or from one that asks it: ``ReadIndexQuestion`` → `u64` index.
    case readIndex = 2
    /// A fresh worker asks to be admitted: a registration → ``AdmissionReply``.
    case admit = 3
    /// An init asks a fresh worker to promise itself: ``PromiseRequest`` → ``PromiseReply``.
    case promise = 4
    /// An init tells a promised worker who the voters are: ``FormationRequest`` → nothing.
    case form = 5
    /// How are you: ``StatusRequest`` → ``StatusReply``.
    case status = 6
    /// Hand leadership over: `u64` node, 0 = the best → nothing.
    case transfer = 7
    /// The catalog's feed: ``FeedRequest`` → a stream of ``FeedItem``.
    case feed = 8
    /// Take part in consensus: ``VoteAssignment`` → nothing.
    case enlist = 9
    /// Do not any more: ``VoteAssignment`` → nothing.
    case release = 10
    /// How long has this node been silent for you: `u64` node → `u64` milliseconds.
    case silence = 11
    /// Can this voter's store be spared: ``SparingRequest`` → ``SparingReply``.
    case spare = 12
    /// What do you do about the votes: ``VotingQuestion`` → ``VotingOutlook`` or ``VotingVerdict``.
    case voting = 16
    /// A command for the leader from a worker that does not reach it: ``HandedProposal`` →
    /// ``ProposalReply``. A voter hands it on once.
    case proposeForAnother = 18
    /// Have you this revision, or soon: ``ReachRequest`` → `u64` revision.
    case reach = 20
    /// Gossip over a connection: a `GossipPacket` → the answer's, or nothing.
    case gossip = 24
    /// Would you feed me, and how old are you: nothing → ``FeedOffer``.
    case feedOffer = 28
}

extension PeerLimits {
    /// What coordination wants: forwarded writes must not keep it from hearing who lives.
    package static var coordination: PeerLimits {
        var limits = PeerLimits()
        limits.briefMethods = Set(
            [PeerMethod.propose, .proposeForAnother, .readIndex, .feedOffer].map(\.rawValue)
        )
        limits.urgentMethods = Set(
            [
                PeerMethod.readIndex, .status, .transfer, .silence, .spare, .voting, .gossip,
                .feedOffer,
            ].map(\.rawValue)
        )
        return limits
    }
}

/// Failure codes of these methods (`PeerFailure.code`).
package enum PeerFailureCode: UInt8, Sendable {
    /// The body is not what the method wants; nothing was done.
    case badRequest = 1
    /// Not a leader; the body is a `u64` node id, 0 = unknown. Nothing was done.
    case notLeader = 2
    /// Too few voters answer. Nothing was done.
    case noQuorum = 3
    /// A bound was reached. Nothing was done.
    case overloaded = 4
    /// The fate of the call is unknown.
    case unknown = 5
    /// Refused; the body is a sentence for people.
    case refused = 6
    /// Not a member yet.
    case notInitialised = 7
    /// No majority of the voters holds the same catalog. Nothing was done.
    case disputed = 8
    /// As many are fed as may be; the body is a ``FeedReferral``. Nothing was done.
    case full = 24
}
