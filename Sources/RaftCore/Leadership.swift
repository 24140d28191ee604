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
    var lateness = Lateness()

    func position(of voter: Voter) -> Int? { peers.position(of: voter) }

    func position(of node: NodeID) -> Int? { peers.indices.first { peers[$0].voter.node == node } }

    func progress(of voter: Voter) -> Progress? { peers.position(of: voter).map { peers[$0] } }
}

// By place, not by element, and of the peers alone: a progress, and all that a leader has, would be
// copied whole only to look at one field. That was a twentieth of what a step takes.
extension [Progress] {
    func position(of voter: Voter) -> Int? { indices.first { self[$0].voter == voter } }

    /// Up to where a voter is known to have the log; zero for one that does not follow.
    func match(of voter: Voter) -> LogIndex { position(of: voter).map { self[$0].match } ?? .zero }

    /// The latest round that a voter answered; 0 for one that does not follow.
    func answeredRound(of voter: Voter) -> UInt64 {
        position(of: voter).map { self[$0].answeredRound } ?? 0
    }
}

/// Leadership being handed over (thesis §3.10).
struct Transfer: Sendable, Equatable {
    let target: Voter
    /// When to give up and go on leading, on our clock.
    let deadlineMS: UInt64
    var isOrdered = false
}
