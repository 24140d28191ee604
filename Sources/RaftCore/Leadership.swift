// SPDX-License-Identifier: Apache-2.0

import Primitives

/// What a voter has only while it leads.
struct Leadership: Sendable {
    /// Everybody who gets the log, except the leader; sorted by node.
    var peers: [Progress]
    var rounds: QuorumRounds
    /// Weight of the entries that are appended and not committed.
    var uncommittedBytes: Int
    var reads = ReadQueue()
    var transfer: Transfer?
    /// Members no more, who still get the log for a while, to learn that.
    var departing: [(voter: Voter, untilMS: UInt64)] = []
    /// When leadership may be offered to a voter of higher priority, on our clock.
    var nextOfferMS: UInt64 = 0
    var nextHeartbeatMS: UInt64 = 0
    var digests = DigestCount()

    func position(of voter: Voter) -> Int? { peers.firstIndex { $0.voter == voter } }

    func position(of node: NodeID) -> Int? { peers.firstIndex { $0.voter.node == node } }

    func progress(of voter: Voter) -> Progress? { peers.first { $0.voter == voter } }
}

/// Leadership being handed over (thesis §3.10).
struct Transfer: Sendable, Equatable {
    let target: Voter
    /// When to give up and go on leading, on our clock.
    let deadlineMS: UInt64
    var isOrdered = false
}
