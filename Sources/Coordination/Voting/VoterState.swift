// SPDX-License-Identifier: Apache-2.0
package import Primitives
package import RaftCore

/// What one voter's core knew after its last step: for status and for routing, decides nothing.
package struct VoterState: Sendable {
    package var role = RaftRole.follower
    package var term = Term.zero
    package var leader: NodeID?
    package var commit = LogIndex.zero
    package var applied = LogIndex.zero
    /// Last index each voter has acknowledged; only known to a leader.
    package var matches: [NodeID: LogIndex] = [:]
    /// When a quorum last confirmed this leader, by the monotonic clock; `nil` for others.
    package var confirmedAtMS: UInt64?
    /// In force now, committed or not.
    package var voters = VoterSet(incoming: [])
    /// What this voter's disk has room for.
    package var disk = DiskSpace()
    /// The last ones that are known to be committed, and where.
    package var committedVoters = VoterSet(incoming: [])
    package var committedConfigurationIndex = LogIndex.zero

    package init() {}
}

/// What became of a proposal made here.
package enum ProposalResult: Sendable {
    case applied(LogIndex, result: [UInt8])
    /// Never appended, or overwritten by another leader: it has no effect.
    case refused(RaftRefusal)
    /// Appended; a snapshot or a restart hid what became of it.
    case unknown
}
