// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// What a voter knows, for status pages and for the age of a local read.
package struct RaftStatus: Sendable, Equatable {
    /// What a leader knows about one follower.
    package struct Peer: Sendable, Equatable {
        package let voter: Voter
        /// Known to be durable there; 0 before its first answer in this term.
        package let match: LogIndex
        /// How long ago it was last heard, in milliseconds; `nil` if not in this term.
        package let contactAgeMS: UInt64?
        /// Whether it was heard within the last second.
        package let isReachable: Bool
    }

    package let role: RaftRole
    package let term: Term
    package let leader: NodeID?
    package let last: LogPosition
    package let commit: LogIndex
    package let applied: LogIndex
    package let snapshot: LogPosition?
    package let voters: VoterSet
    /// The voters of the last configuration entry that is known to be committed, and its index.
    package let committedVoters: VoterSet
    package let committedConfigurationIndex: LogIndex
    /// Sorted by node; empty unless this node leads.
    package let peers: [Peer]
    /// The applied state holds everything committed before this moment, in milliseconds.
    ///
    /// On our own clock; `nil` if not known. ``Raft/clockMS`` minus this is the age of a local read.
    package let confirmedAtMS: UInt64?
    /// Whether a quorum's last sign is so old that proposals and reads are refused.
    package let isInDoubt: Bool
    package let ignoredMessageCount: UInt64
    /// What a person has to look at, as far as this voter knows.
    package let alarms: [RaftAlarm]
    /// Whether the applied state was found to differ from the majority's and is not made anew yet.
    package let isQuarantined: Bool
}

extension Raft {
    /// The time the last tick brought, in milliseconds.
    package var clockMS: UInt64 { now }

    package var status: RaftStatus {
        RaftStatus(
            role: role,
            term: term,
            leader: leader,
            last: log.last,
            commit: commit,
            applied: applied,
            snapshot: snapshot?.position,
            voters: voters,
            committedVoters: configuration.voters(at: commit),
            committedConfigurationIndex: configuration.index(at: commit),
            peers: (leadership?.peers ?? []).map(describe),
            confirmedAtMS: freshness.confirmedAtMS,
            isInDoubt: role == .leader && isInDoubt,
            ignoredMessageCount: ignoredMessageCount,
            alarms: alarms,
            isQuarantined: isQuarantined
        )
    }

    /// Bytes of the log that the disk may drop: everything before this index.
    package var firstKeptIndex: LogIndex { log.firstIndex }

    /// The voters in force once `index` was applied, for a snapshot's metadata.
    ///
    /// - Parameter index: At or behind the latest snapshot.
    /// - Returns: The voters of the last configuration entry up to there.
    package func voters(at index: LogIndex) -> VoterSet { configuration.voters(at: index) }

    /// The position of an applied entry, for the metadata of a snapshot that ends with it.
    ///
    /// - Returns: `nil` if the disk would refuse such a snapshot, as one at least as new is there or
    ///   under way: behind the latest snapshot, or while a leader's is being installed.
    package func position(at index: LogIndex) -> LogPosition? {
        guard !isInstalling, index > snapshot?.position.index ?? .zero else { return nil }
        return log.term(at: index).map { LogPosition(term: $0, index: index) }
    }

    /// What the first voters find in their empty logs before anyone has ever led.
    ///
    /// Term 1 belongs to nobody: the first election is for term 2. Make it durable on one voter at
    /// least, then start that voter with it; the others may start empty and receive it.
    package static func bootstrap(_ voters: VoterSet) -> (state: HardState, entry: LogEntry) {
        let position = LogPosition(term: Term(1), index: LogIndex(1))
        let entry = LogEntry(position: position, kind: .configuration, payload: voters.encode())
        return (HardState(term: Term(1), vote: nil), entry)
    }

    private var alarms: [RaftAlarm] {
        var alarms: [RaftAlarm] = []
        if let index = digests.disputed { alarms.append(.noMajority(at: index)) }
        if let quarantine, quarantine.hasFailed {
            alarms.append(.rebuildFailed(at: quarantine.index))
        }
        if unproven?.isLong == true { alarms.append(.unproven(since: digests.proven)) }
        return alarms
    }

    private func describe(_ peer: Progress) -> RaftStatus.Peer {
        RaftStatus.Peer(
            voter: peer.voter,
            match: peer.match,
            contactAgeMS: peer.contactMS.map { now - min(now, $0) },
            isReachable: isReachable(peer)
        )
    }

    func isReachable(_ peer: Progress) -> Bool {
        peer.contactMS.map { now - min(now, $0) <= 1_000 } ?? false
    }

    /// The leader we follow, with the store it spoke from.
    var leaderVoter: Voter? {
        guard role != .leader, let leader else { return nil }
        return leaderStore.map { Voter(node: leader, store: $0) }
    }
}
