// SPDX-License-Identifier: Apache-2.0

/// Times and bounds of one voter; the times must be equal on all voters of a cluster.
package struct RaftSettings: Sendable, Equatable {
    /// Between two heartbeats, in milliseconds.
    package var heartbeatMS: UInt64
    /// Least election timeout, in milliseconds; each timeout is drawn from `electionMS ..< 2 × electionMS`.
    package var electionMS: UInt64
    /// Entries kept in memory behind a snapshot, for followers that are a little late.
    package var trailingEntryCount: UInt64 = 5_000
    /// Weight of the entries a leader takes before they are committed, in bytes.
    package var uncommittedBytes = 16 << 20
    /// Payload bytes of one proposal.
    package var proposalBytes = 1 << 20
    /// Entries that a learner may miss and still be given a vote; on long logs one in a hundred.
    package var catchUpEntryCount: UInt64 = 1_000
    /// Reads that wait for a leader or a quorum, in this process.
    package var pendingReadCount = 4_096
    /// Entries handed out by `.apply` and not yet reported by `.applied`.
    package var applyBacklogCount: UInt64 = 5_000
    /// Entries of a leader's own log that are not durable yet; over it proposals are refused.
    package var undurableCount: UInt64 = 5_000
    /// Writes of one voter that are not durable yet; over it a follower takes no more entries.
    package var pendingWriteCount = 1_024
    /// Append messages to one follower that are not acknowledged.
    package var inflightMessageCount = 256
    /// Weight of the entries in those messages, in bytes.
    package var inflightBytes = 4 << 20
    /// Weight of the entries in one append message, in bytes, unless it is a single entry.
    package var entryBytesPerMessage = 1 << 20
    /// Bytes of a snapshot in one message.
    package var snapshotChunkBytes = 1 << 20
    /// Largest snapshot a follower accepts, in bytes.
    package var snapshotBytes: UInt64 = 512 << 20
    /// Entries from one comparison of states to the next; the same on all voters.
    package var digestEntryCount: UInt64 = 1_024
    /// Entries behind the last index that a majority is known to agree on; over it proposals are
    /// refused, for without an agreement no snapshot shortens the log.
    package var unprovenEntryCount: UInt64 = 100_000
    /// Entries behind it that a person is told of, when they are as many for ten election timeouts.
    ///
    /// More than lie between two snapshots and one comparison, which nobody need compare again after
    /// a start.
    package var unprovenAlarmCount: UInt64 = 12_000
    /// Entries that proposals about the members may take beyond ``unprovenEntryCount``: replacing
    /// voters is what ends a disagreement.
    package var unprovenMemberCount: UInt64 = 10_000
    /// Payload bytes from which on an entry is followed by a comparison; the same on all voters.
    package var digestPayloadBytes = 16 << 10

    package init(heartbeatMS: UInt64, electionMS: UInt64) {
        precondition(heartbeatMS > 0 && electionMS >= 4 * heartbeatMS, "no room for a heartbeat")
        self.heartbeatMS = heartbeatMS
        self.electionMS = electionMS
    }

    /// Voters within a few milliseconds of each other.
    package static var lan: Self { .init(heartbeatMS: 50, electionMS: 500) }

    /// Voters in several regions, up to about 200 ms apart.
    ///
    /// Five round trips of silence, where ten are usual elsewhere: with pre-votes and voters that keep
    /// to a leader they hear, who asks too early is told so, and nothing else happens.
    package static var wan: Self { .init(heartbeatMS: 200, electionMS: 1_000) }

    /// Age of the last quorum-confirmed round, in milliseconds, from which on a leader is in doubt.
    ///
    /// Two heartbeats and their answers may be lost or late, at the round trips that are measured; and
    /// no longer than until check-quorum would end the leadership. So within a second on a LAN,
    /// whatever is measured; 0.7 s at a WAN's 100 ms, 1.5 s at 500 ms.
    package func quorumDoubtMS(medianRoundTripMS: UInt64) -> UInt64 {
        min(max(600, 2 * heartbeatMS + 2 * medianRoundTripMS), 2 * electionMS)
    }

    /// A write, or an acknowledgement, that takes longer is late, in milliseconds.
    package var lateMS: UInt64 { electionMS / 4 }
}
