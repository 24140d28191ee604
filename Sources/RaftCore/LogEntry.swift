// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// Where a log ends, compared as Raft §5.4.1 demands: later term first, then longer.
package struct LogPosition: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let term: Term
    package let index: LogIndex

    package init(term: Term, index: LogIndex) {
        self.term = term
        self.index = index
    }

    package static let zero = LogPosition(term: .zero, index: .zero)

    package var description: String { "\(index)@\(term)" }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.term, lhs.index) < (rhs.term, rhs.index)
    }
}

/// One entry of the replicated log.
package struct LogEntry: Hashable, Sendable {
    /// What the payload is for.
    package enum Kind: UInt8, Sendable {
        /// Nothing: a new leader's first entry (Raft §8), payload empty.
        case noop = 0
        /// A command for the state machine, which RaftCore does not look into.
        case command = 1
        /// A set of voters, encoded by ``VoterSet``.
        case configuration = 2
    }

    package let position: LogPosition
    package let kind: Kind
    package let payload: [UInt8]

    package init(position: LogPosition, kind: Kind, payload: [UInt8]) {
        self.position = position
        self.kind = kind
        self.payload = payload
    }

    package var index: LogIndex { position.index }
    package var term: Term { position.term }

    /// What the entry counts against bounds in bytes: its payload, and some overhead so that empty
    /// entries do not come free.
    package var weight: Int { payload.count + Self.overheadBytes }

    /// What an entry costs beside its payload, in bytes; a little more than it takes on the wire.
    package static let overheadBytes = 64
}

/// What a voter must never forget (Raft figure 2, "persistent state").
package struct HardState: Hashable, Sendable {
    package let term: Term
    package let vote: NodeID?

    package init(term: Term, vote: NodeID?) {
        self.term = term
        self.vote = vote
    }

    package static let initial = HardState(term: .zero, vote: nil)
}

/// One member of the consensus: node and the store it was admitted with.
///
/// A vote or acknowledgement counts only when both match: a wiped disk is another voter.
package struct Voter: Hashable, Comparable, Sendable {
    package let node: NodeID
    package let store: StoreID

    package init(node: NodeID, store: StoreID) {
        self.node = node
        self.store = store
    }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.node < rhs.node }
}

/// The voters in force from one log index on.
///
/// `outgoing` is empty except in a joint configuration (Raft §6), where a decision needs a majority
/// of both sets. All lists are sorted by node.
package struct VoterSet: Hashable, Sendable {
    package let incoming: [Voter]
    package let outgoing: [Voter]
    /// Get the log, count in no decision.
    package let learners: [Voter]
    /// Nodes that should rather lead than others; who is not named has priority 0.
    package let priorities: [Priority]

    /// How much a node should rather lead than others.
    package struct Priority: Hashable, Sendable {
        package let node: NodeID
        /// 1…255; the highest leads, if its log allows.
        package let value: UInt8

        package init(node: NodeID, value: UInt8) {
            self.node = node
            self.value = value
        }
    }

    package init(
        incoming: [Voter],
        outgoing: [Voter] = [],
        learners: [Voter] = [],
        priorities: [Priority] = []
    ) {
        self.incoming = incoming.sorted()
        self.outgoing = outgoing.sorted()
        self.learners = learners.sorted()
        self.priorities = priorities.sorted { $0.node < $1.node }
    }

    /// Whether two sets of voters decide together (Raft §6).
    package var isJoint: Bool { !outgoing.isEmpty }

    package func priority(of node: NodeID) -> UInt8 {
        priorities.first { $0.node == node }?.value ?? 0
    }
}

/// Names the state that a snapshot holds.
package struct SnapshotMetadata: Hashable, Sendable {
    /// The last entry whose effect the snapshot contains.
    package let position: LogPosition
    /// The voters in force there.
    package let voters: VoterSet
    /// Length of the state, in bytes.
    package let byteCount: UInt64
    /// CRC-32C of the whole state.
    package let checksum: UInt32

    package init(position: LogPosition, voters: VoterSet, byteCount: UInt64, checksum: UInt32) {
        self.position = position
        self.voters = voters
        self.byteCount = byteCount
        self.checksum = checksum
    }
}
