// SPDX-License-Identifier: Apache-2.0

/// A voter whose log has no room left.
///
/// It stays up, follows, answers reads and votes (term and vote are written in place); what it cannot
/// do is take entries. As a follower it is silent about those, as if they had been lost on the way, so
/// that nobody counts on them. It never asks to lead; as a leader it takes no proposals, and its driver
/// hands leadership over. Nothing it has acknowledged is taken back, so no rule of Raft is touched.
extension Raft {
    /// Whether new entries may go into the log.
    var takesEntries: Bool { !isDiskFull }

    /// Whether this voter may ask to lead: with a full disk only where nobody else can, so that a lone
    /// voter goes on answering reads.
    var mayLead: Bool { !isDiskFull || voters.deciders.allSatisfy { $0 == me } }

    /// Why a proposal is not taken while the disk is full.
    var diskFullRefusal: RaftRefusal {
        voters.deciders.allSatisfy { $0 == me } ? .overloaded : .transferring
    }
}
