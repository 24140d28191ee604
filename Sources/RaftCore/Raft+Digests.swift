// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// Comparing what the state machines hold.
///
/// ```
///   applied a digest point ──report──▶ leader ── a majority equal ──▶ verdict: agreed on this value
///                                            └─ none possible ─────▶ verdict: disputed, no writes
/// ```
///
/// The log is the same everywhere, and the state is a function of it: who holds something else has
/// bad memory. Nobody acts on one voter's word, the leader's included: only on a majority's. Reports
/// are repeated until there is a verdict, so that any of the messages may be lost.
extension Raft {
    /// A majority holds what this voter held here: what it held up to here may be made a snapshot.
    ///
    /// If a later state is right, an earlier one of the same voter leads to it by the log's own
    /// entries. So snapshots are captured at any time, and made durable, which is what makes them the
    /// only copy and sends them to others, once this has reached them.
    package var provenIndex: LogIndex { digests.proven }

    /// Committed entries behind the last index at which this voter's state was the majority's.
    private var unprovenCount: UInt64 { commit.rawValue - digests.proven.rawValue }

    /// Whether a proposal is refused because the voters do not agree on what they hold.
    ///
    /// One about the members is not as long as the room that is kept for it lasts: a voter that is
    /// replaced is what ends most disagreements, and an entry harms none of them.
    func isDisputed(for purpose: Proposal.Purpose) -> Bool {
        switch purpose {
        case .ordinary:
            digests.disputed != nil || unprovenCount > settings.unprovenEntryCount
        case .members:
            unprovenCount > settings.unprovenEntryCount + settings.unprovenMemberCount
        }
    }

    /// Tells a person when too much has not been agreed on for a while: as long as a voter that
    /// applies its log after a start has to catch up by itself.
    mutating func watchUnproven() {
        guard unprovenCount > settings.unprovenAlarmCount else { return unproven = nil }
        let since = unproven?.sinceMS ?? now
        let wasLong = unproven?.isLong ?? false
        let isLong = now - since >= 10 * settings.electionMS
        unproven = (since, isLong)
        if isLong, !wasLong { outbox.tell(.alarm(.unproven(since: digests.proven))) }
    }

    /// The state machine was asked for the digest of what it holds at a digest point.
    mutating func digested(_ digest: StateDigest) {
        precondition(digest.index <= handedOut, "digest of \(digest.index), \(statusLine)")
        guard digests.add(digest) else { return }
        if leadership != nil {
            count(digest, of: me)
        } else {
            reportDigest()
        }
        compareOwnState()
    }

    /// Tells the leader the newest digest, until it says what became of it.
    mutating func reportDigest() {
        guard let leaderVoter,
            let digest = digests.report(in: term, now: now, every: settings.electionMS)
        else { return }
        send(.stateReport(digest), to: leaderVoter)
    }

    // MARK: - The leader

    /// A new leader counts its own state first.
    mutating func countOwnDigests() {
        for digest in digests.points { count(digest, of: me) }
    }

    mutating func stateReported(_ digest: StateDigest, from sender: Voter) {
        guard leadership?.position(of: sender) != nil else { return }
        guard digest.index <= commit else { return ignore() }  // Nobody can have applied that.
        count(digest, of: sender)
        if let verdict = leadership?.digests.point(at: digest.index)?.verdict {
            send(.stateVerdict(verdict), to: sender)
        }
    }

    private mutating func count(_ digest: StateDigest, of voter: Voter) {
        leadership?.digests.add(digest, of: voter)
        judge(digest.index)
    }

    /// Voters may have been replaced since an index was disputed.
    mutating func judgeDisputed() {
        guard let index = digests.disputed else { return }
        judge(index)
    }

    private mutating func judge(_ index: LogIndex) {
        let voters = voters
        guard let verdict = leadership?.digests.judge(index, by: voters) else { return }
        for report in leadership?.digests.point(at: index)?.reports ?? []
        where report.member != me {
            send(.stateVerdict(verdict), to: report.member)
        }
        heed(verdict)
    }

    // MARK: - Everybody

    mutating func stateJudged(_ verdict: StateVerdict, from sender: Voter) {
        guard role != .leader, sender.node == leader else { return }
        heed(verdict)
    }

    private mutating func heed(_ verdict: StateVerdict) {
        guard digests.take(verdict, in: term) else { return }
        if verdict.agreed == nil { outbox.tell(.alarm(.noMajority(at: verdict.index))) }
        compareOwnState()
    }

    /// Compares what we held with what the majority held, once both are known.
    private mutating func compareOwnState() {
        guard let agreed = digests.agreed, agreed.index > digests.proven,
            let own = digests.value(at: agreed.index)
        else { return }
        if own == agreed.value {
            digests.prove(agreed.index)
            leaveQuarantineIfCaughtUp()
        } else if quarantine == nil {
            enterQuarantine(own: StateDigest(index: agreed.index, value: own), agreed: agreed)
        } else if quarantine?.hasFailed == false {
            quarantine?.hasFailed = true
            outbox.tell(.alarm(.rebuildFailed(at: agreed.index)))
        }
    }
}
