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
    /// The applied state holds all that was committed before this moment, by the monotonic clock: a quorum
    /// confirmed the leader then, this voter or the one it follows; `nil` before that is known.
    package var confirmedAtMS: UInt64?
    /// In force now, committed or not.
    package var voters = VoterSet(incoming: [])
    /// What this voter's disk has room for.
    package var disk = DiskSpace()
    /// The last ones that are known to be committed, and where.
    package var committedVoters = VoterSet(incoming: [])
    package var committedConfigurationIndex = LogIndex.zero
    /// What a person has to look at.
    package var alarms: [RaftAlarm] = []
    /// The replica differs from the majority's and is being made anew.
    package var isQuarantined = false
    /// The state is further on than the log: after a start, after an enlistment, on a full disk.
    ///
    /// What the log says of the members is then older than what the catalog says.
    package var isLogBehind = false
    /// How long ago a leader heard each member by consensus, in milliseconds; who was not heard in
    /// this term is left out.
    package var contactAgesMS: [NodeID: UInt64] = [:]
    /// Least election timeout of the profile in force, in milliseconds; 0 before the first step.
    package var electionMS: UInt64 = 0

    package init() {}
}

/// What befell this voter's copy of the state.
package enum StateEvent: Sendable, Equatable {
    /// It differs from the majority's, so another is made from the snapshot and the log.
    case quarantined(StateDigest, agreed: StateDigest)
    /// The other is the majority's, and shown now.
    case rebuilt
    /// Memory has changed a state that was to be saved.
    case snapshotDamaged(at: LogIndex)
    /// Memory has changed the snapshot that another state was to be made from.
    case snapshotLost
    case alarm(RaftAlarm)
}

/// What became of a proposal made here.
package enum ProposalResult: Sendable {
    case applied(LogIndex, result: [UInt8])
    /// Never appended, or overwritten by another leader: it has no effect.
    case refused(RaftRefusal)
    /// Appended; a snapshot or a restart hid what became of it.
    case unknown
}
