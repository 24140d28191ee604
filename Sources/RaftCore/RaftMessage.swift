// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// A message between voters.
///
/// Every message carries the sender's term at the time of sending; a higher one ends the receiver's
/// role (Raft §5.1), except in a pre-vote request, which is a pure question.
package struct RaftMessage: Sendable, Hashable {
    /// What the sender wants or answers.
    ///
    /// A snapshot's piece is the largest by far and rare: in a box of its own it does not make all
    /// others as large, which are copied at every turn.
    package enum Body: Sendable, Hashable {
        case voteRequest(VoteRequest)
        case voteReply(VoteReply)
        case append(AppendRequest)
        case appendReply(AppendReply)
        case heartbeat(Heartbeat)
        case heartbeatReply(HeartbeatReply)
        case readRequest(ReadRequest)
        case readReply(ReadReply)
        indirect case snapshotChunk(SnapshotChunk)
        case snapshotReply(SnapshotReply)
        case timeoutNow(TimeoutNow)
        /// What the sender's state machine holds, for the leader to compare.
        case stateReport(StateDigest)
        /// What the leader's comparison came to.
        case stateVerdict(StateVerdict)
    }

    package let term: Term
    package let body: Body

    package init(term: Term, body: Body) {
        self.term = term
        self.body = body
    }
}

/// Asks for a vote, or whether one would be given.
package struct VoteRequest: Sendable, Hashable {
    /// How serious the question is.
    package enum Kind: UInt8, Sendable, CaseIterable {
        /// Would you vote for me? Changes nothing at the receiver (thesis §9.6).
        case preVote = 0
        /// Vote for me, unless you hear a leader.
        case vote = 1
        /// Vote for me even so: the leader itself asked me to take over (thesis §3.10).
        case transfer = 2
    }

    package let kind: Kind
    /// The term the candidate wants to lead; one above its own in a pre-vote.
    package let campaign: Term
    package let lastLog: LogPosition

    package init(kind: Kind, campaign: Term, lastLog: LogPosition) {
        self.kind = kind
        self.campaign = campaign
        self.lastLog = lastLog
    }
}

/// Answers a ``VoteRequest``; a refusal may be late, lost or left out.
package struct VoteReply: Sendable, Hashable {
    package let kind: VoteRequest.Kind
    package let campaign: Term
    package let granted: Bool

    package init(kind: VoteRequest.Kind, campaign: Term, granted: Bool) {
        self.kind = kind
        self.campaign = campaign
        self.granted = granted
    }
}

/// Entries for a follower's log (Raft §5.3).
package struct AppendRequest: Sendable, Hashable {
    /// Whether the receiver says that it has everything up to ``AppendRequest/lastIndex``.
    package enum Acknowledgement: UInt8, Sendable, CaseIterable {
        case wanted = 0
        /// Only what is committed is news: an answer would tell what an earlier one has told. Where it is
        /// lost the next heartbeat says it, too.
        case needless = 1
    }

    /// Where the leader's log stands just before `entries`.
    package let previous: LogPosition
    /// Without gaps, at most ``RaftSettings/entryBytesPerMessage`` unless it is a single entry.
    package let entries: [LogEntry]
    package let commit: LogIndex
    package let acknowledgement: Acknowledgement

    package init(
        previous: LogPosition,
        entries: [LogEntry],
        commit: LogIndex,
        acknowledgement: Acknowledgement = .wanted
    ) {
        self.previous = previous
        self.entries = entries
        self.commit = commit
        self.acknowledgement = acknowledgement
    }

    /// The last index that the receiver's log shares with the leader's once this is appended.
    package var lastIndex: LogIndex { entries.last?.index ?? previous.index }
}

/// Answers an ``AppendRequest``.
package enum AppendReply: Sendable, Hashable {
    /// The log equals the leader's up to here, and that much is durable.
    case accepted(LogIndex)
    /// `previous` does not match; `hint` is the last place where the two logs may still agree.
    case rejected(previous: LogIndex, hint: LogPosition)
}

/// The leader's sign of life, and its question whether it still leads.
package struct Heartbeat: Sendable, Hashable {
    /// Made by the leader, never used twice within a term: an answer confirms this round only.
    package let round: UInt64
    /// Committed, and known to match the receiver's log.
    package let commit: LogIndex
    /// The leader's commit index: who has applied this much is as fresh as the leader.
    package let leaderCommit: LogIndex
    /// How long ago, in milliseconds, the last quorum-confirmed round was sent.
    package let quorumAge: UInt32
    /// The stamp of the receiver's latest ``HeartbeatReply``; 0 if there was none.
    package let echo: UInt64

    package init(
        round: UInt64,
        commit: LogIndex,
        leaderCommit: LogIndex,
        quorumAge: UInt32,
        echo: UInt64
    ) {
        self.round = round
        self.commit = commit
        self.leaderCommit = leaderCommit
        self.quorumAge = quorumAge
        self.echo = echo
    }
}

/// Answers a ``Heartbeat``.
package struct HeartbeatReply: Sendable, Hashable {
    package let round: UInt64
    /// The follower's own clock in milliseconds, sent back in the next heartbeat.
    package let stamp: UInt64

    package init(round: UInt64, stamp: UInt64) {
        self.round = round
        self.stamp = stamp
    }
}

/// Asks the leader for an index that makes all reads waiting at a follower linearizable.
package struct ReadRequest: Sendable, Hashable {
    /// Drawn at random by the follower for each request, so a late answer finds nobody.
    package let nonce: UInt64

    package init(nonce: UInt64) { self.nonce = nonce }
}

/// Answers a ``ReadRequest``.
package struct ReadReply: Sendable, Hashable {
    /// What became of the reads.
    package enum Outcome: Sendable, Hashable {
        case ready(LogIndex)
        case notLeader
        case overloaded
        case noQuorum
        case leadershipLost
    }

    package let nonce: UInt64
    package let outcome: Outcome

    package init(nonce: UInt64, outcome: Outcome) {
        self.nonce = nonce
        self.outcome = outcome
    }
}

/// A piece of a snapshot, for a follower whose log ends before the leader's begins (Raft §7).
package struct SnapshotChunk: Sendable, Hashable {
    package let metadata: SnapshotMetadata
    package let offset: UInt64
    package let bytes: [UInt8]

    package init(metadata: SnapshotMetadata, offset: UInt64, bytes: [UInt8]) {
        self.metadata = metadata
        self.offset = offset
        self.bytes = bytes
    }
}

/// Answers a ``SnapshotChunk``.
package enum SnapshotReply: Sendable, Hashable {
    /// Go on at this offset of the snapshot at `position`.
    case next(position: LogPosition, offset: UInt64)
    /// Nothing more is needed: the log equals the leader's up to here, and that much is durable.
    case installed(LogIndex)
}

/// Tells a follower to start an election at once.
///
/// Void unless the receiver is still in the message's term and its log still ends at `lastIndex`.
package struct TimeoutNow: Sendable, Hashable {
    package let lastIndex: LogIndex

    package init(lastIndex: LogIndex) { self.lastIndex = lastIndex }
}
