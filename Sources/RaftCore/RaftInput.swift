// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// Everything that can happen to a voter; the only way time, disks and networks reach the core.
package enum RaftInput: Sendable, Equatable {
    /// Time has passed: the node's own monotonic clock now reads `now` milliseconds.
    case tick(now: UInt64)
    /// A peer's message, after its frame was checked and its store learned in the handshake.
    case received(RaftMessage, from: Voter)
    /// A client's command; answered by `.proposed` or `.dropped` with the same request.
    case propose(RaftRequestID, payload: [UInt8])
    /// A client wants to read; answered by `.readReady` or `.readFailed`.
    case readIndex(RaftRequestID)
    /// Everything up to and including this write is durable.
    case persisted(WriteSequence)
    /// The state machine has applied everything up to this index.
    case applied(LogIndex)
    /// The state machine's snapshot is durable: the log before it may be dropped.
    ///
    /// To be made only at or before ``Raft/provenIndex``.
    case snapshotTaken(SnapshotMetadata)
    /// A snapshot asked for by `.installSnapshot` is durable and loaded.
    case snapshotInstalled(SnapshotMetadata)
    /// Bytes of the snapshot asked for by `.readSnapshot`.
    case snapshotChunk(to: NodeID, SnapshotMetadata, offset: UInt64, bytes: [UInt8])
    /// The connection to a peer broke: what was sent may be lost.
    case disconnected(NodeID)
    /// Hand leadership to this voter, or to the best one.
    case transferLeadership(to: NodeID?)
    /// Change who votes; answered by `.proposed` or `.changeRefused` with the same request.
    case changeMembers(RaftRequestID, MembershipChange)
    /// What the state machine holds right behind a digest point (``RaftSettings/isDigestPoint(_:)``).
    ///
    /// In order of index, each before or with the `.applied` that covers it. Left out where the machine
    /// is already further on, as one that began with a checkpoint may be.
    case digested(StateDigest)
}

/// Names one client request inside this process; the driver makes them unique.
package struct RaftRequestID: Hashable, Comparable, Sendable {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}

/// Numbers the writes a core asked for; they are performed in this order.
package struct WriteSequence: Hashable, Comparable, Sendable {
    package let rawValue: UInt64

    package init(_ rawValue: UInt64) { self.rawValue = rawValue }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}
