// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// Everything that can happen to a voter; the only way time, disks and networks reach the core.
///
/// What is rare and large stands in a box, so that the rest is small to copy.
package enum RaftInput: Sendable, Equatable {
    /// Time has passed: the node's own monotonic clock now reads `now` milliseconds.
    case tick(now: UInt64)
    /// A peer's message, after its frame was checked and its store learned in the handshake.
    case received(RaftMessage, from: Voter)
    /// Clients' commands, in order; each is answered by `.proposed` or `.dropped` with its request.
    ///
    /// What comes together leaves together: one write, one message to each follower.
    case propose([Proposal])
    /// A client wants to read; answered by `.readReady` or `.readFailed`.
    case readIndex(RaftRequestID)
    /// Everything up to and including this write is durable.
    case persisted(WriteSequence)
    /// The state machine has applied everything up to this index.
    case applied(LogIndex)
    /// The state machine's snapshot is durable: the log before it may be dropped.
    ///
    /// To be made only at or before ``Raft/provenIndex``.
    indirect case snapshotTaken(SnapshotMetadata)
    /// A snapshot asked for by `.installSnapshot` is durable and loaded.
    indirect case snapshotInstalled(SnapshotMetadata)
    /// Bytes of the snapshot asked for by `.readSnapshot`.
    indirect case snapshotChunk(to: NodeID, SnapshotMetadata, offset: UInt64, bytes: [UInt8])
    /// The connection to a peer broke: what was sent may be lost.
    case disconnected(NodeID)
    /// Hand leadership to this voter, or to the best one.
    case transferLeadership(to: NodeID?)
    /// Ask for votes now instead of at the end of an election timeout; nothing where somebody leads.
    ///
    /// For a cluster that was just founded, where nobody can have been heard.
    case stand
    /// The log's disk has no room left, or has some again.
    case diskSpace(isFull: Bool)
    /// Change who votes; answered by `.proposed` or `.changeRefused` with the same request.
    indirect case changeMembers(RaftRequestID, MembershipChange)
    /// What the state machine holds right behind a digest point (``RaftSettings/isDigestPoint(_:)``).
    ///
    /// In order of index, each before or with the `.applied` that covers it. Left out where the machine
    /// is already further on, as one that began with a checkpoint may be.
    case digested(StateDigest)
}

/// A client's command on its way into the log.
package struct Proposal: Sendable, Equatable {
    /// What a command is for, as far as it decides whether it is taken.
    package enum Purpose: Sendable, Hashable {
        case ordinary
        /// About who belongs to the cluster: what replaces a voter whose state is wrong begins so.
        case members
    }

    package let request: RaftRequestID
    package let payload: [UInt8]
    package let purpose: Purpose

    package init(
        _ request: RaftRequestID,
        payload: [UInt8],
        purpose: Purpose = .ordinary
    ) {
        self.request = request
        self.payload = payload
        self.purpose = purpose
    }
}

extension RaftInput {
    /// One command alone.
    package static func propose(_ request: RaftRequestID, payload: [UInt8]) -> Self {
        .propose([Proposal(request, payload: payload)])
    }
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
