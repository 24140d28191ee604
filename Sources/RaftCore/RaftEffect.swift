// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// What the driver must do, in order.
///
/// What is rare and large stands in a box, so that the rest is small to copy.
package enum RaftEffect: Sendable, Equatable {
    /// Make durable, in the order asked for, then step `.persisted(sequence)`.
    case persist(LogWrite)
    /// Send once write `after` is durable; at once if `nil`.
    case send(RaftMessage, to: Voter, after: WriteSequence?)
    /// Apply these committed entries, in order, then step `.applied`.
    case apply([LogEntry])
    /// The command now has this place in the log; it is not committed yet.
    case proposed(RaftRequestID, LogPosition)
    /// The command was not appended and never will be.
    case dropped(RaftRequestID, RaftRefusal)
    /// A read may be answered once the state machine has applied `index`.
    case readReady(RaftRequestID, LogIndex)
    case readFailed(RaftRequestID, RaftRefusal)
    /// The role or the known leader changed.
    case role(RaftRole, term: Term, leader: NodeID?)
    /// A follower needs this much of the latest snapshot: answer with `.snapshotChunk`.
    indirect case readSnapshot(SnapshotMetadata, to: NodeID, offset: UInt64, byteCount: Int)
    /// A leader's snapshot has arrived whole: make it durable, load it, step `.snapshotInstalled`.
    indirect case installSnapshot(SnapshotMetadata, state: [UInt8])
    /// The change of members was not appended and never will be.
    case changeRefused(RaftRequestID, MembershipRefusal)
    /// The state machine holds something else than the majority: begin another beside it.
    ///
    /// It starts from the snapshot `restart`, empty if `nil`; all entries behind come again by
    /// `.apply`, and nothing that was applied before this effect may be reported any more. Take no
    /// snapshot until `.rebuilt`.
    indirect case quarantine(StateDigest, agreed: StateDigest, restart: SnapshotMetadata?)
    /// The state machine begun by `.quarantine` is sound and shows no less: put it in the other's
    /// place.
    case rebuilt
    /// Tell a person; what is still true is in ``RaftStatus/alarms``.
    case alarm(RaftAlarm)
}

/// One write to the log; parts that are absent stay as they are.
///
/// Performed in the order hard state, truncation, entries. `truncateFrom` 1 voids the whole log: a
/// durable snapshot has taken its place, and the next entries follow the snapshot, not the log.
package struct LogWrite: Sendable, Equatable {
    package let sequence: WriteSequence
    package let hardState: HardState?
    /// Entries at and behind this index are void before `entries` are appended.
    package let truncateFrom: LogIndex?
    package let entries: [LogEntry]

    package init(
        sequence: WriteSequence,
        hardState: HardState?,
        truncateFrom: LogIndex?,
        entries: [LogEntry]
    ) {
        self.sequence = sequence
        self.hardState = hardState
        self.truncateFrom = truncateFrom
        self.entries = entries
    }
}

package enum RaftRole: Sendable, Equatable {
    case follower
    case preCandidate
    case candidate
    case leader
}

/// Why a request was not taken.
///
/// None of them was appended.
package enum RaftRefusal: Error, Sendable, Equatable {
    /// Another node leads, or nobody (`nil`).
    case notLeader(hint: NodeID?)
    /// A bound was reached: uncommitted bytes, queue, or size of one proposal.
    case overloaded
    /// A quorum has not answered within the last second or so.
    case noQuorum
    /// Leadership is being handed over.
    case transferring
    /// Leadership was lost while the read was waiting.
    case leadershipLost
    /// This voter's state was found to differ from the majority's and is being rebuilt.
    case quarantined
    /// No majority of the voters holds the same state: nothing is written until that is settled.
    case disputed
}
