// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// One voter of the consensus as a plain value: no clock, no I/O, no logger.
///
/// ```
///              timeout               quorum would vote          quorum voted
///   follower ──────────▶ preCandidate ─────────────▶ candidate ─────────────▶ leader
///       ▲                  │      ▲ timeout ────────────┘ │                      │
///       └──────────────────┴──────────────────────────────┴──────────────────────┘
///            a leader of this term, a higher term, or (leader) no quorum in time
/// ```
///
/// Invariants, checked on every ``step(_:)``, in release builds too:
/// 1. The term never decreases (Raft §5.1).
/// 2. At most one vote per term, and never withdrawn (§5.2).
/// 3. The commit index never decreases, nor what is applied but to be rebuilt, and nothing committed
///    is ever truncated (§5.4).
/// 4. base ≤ snapshot ≤ applied ≤ handed out ≤ commit ≤ last.
/// 5. A message that depends on a write leaves the core behind the effect that names the write.
/// 6. A leader commits only entries of its own term, directly (§5.4.2).
/// 7. A leader counts its own log only as far as it is durable (etcd#14370).
/// 8. No entry is of a later term than the hard state.
/// 9. A leader appends a configuration only when the one before is committed, and behind a joint one
///    only the set that it leads to (§6).
/// 10. What a leader commits is durable on a majority of each half of the voters, counted one by one.
/// 11. A voter whose state differs from the majority's neither leads nor campaigns.
/// 12. Only what is committed is proven to be the majority's.
///
/// They are about our own state alone. What a peer sends is never trusted to keep them: a message
/// that would break one is left out and counted in ``ignoredMessageCount``.
///
/// - Source: Ongaro, Ousterhout, "In Search of an Understandable Consensus Algorithm", 2014;
///   Ongaro's thesis of the same year.
package struct Raft: Sendable {
    package let me: Voter
    package let settings: RaftSettings

    // What a restart finds again.
    package internal(set) var hardState: HardState
    package internal(set) var log: RaftLog
    package internal(set) var snapshot: SnapshotMetadata?

    // Who is what.
    package internal(set) var role = RaftRole.follower
    package internal(set) var leader: NodeID?
    /// The store that the leader we follow speaks from.
    var leaderStore: StoreID?
    var configuration: ConfigurationHistory
    var candidacy: Candidacy?
    /// Exists exactly while `role` is `.leader`.
    var leadership: Leadership?

    // How far things are.
    package internal(set) var commit: LogIndex
    package internal(set) var applied: LogIndex
    /// Entries up to here were handed out by `.apply`.
    var handedOut: LogIndex
    var writes: WriteLedger
    /// How often our own disk was late.
    var writeDelays = DelayShare()
    /// How often this voter may hand leadership over because of its disk.
    var patience = HandoverPatience()
    /// How often it may offer leadership to a voter of higher priority.
    var offerPatience = HandoverPatience()

    // Time, on the node's own monotonic clock, in milliseconds.
    var now: UInt64 = 0
    /// `nil` before the first tick: until then there is no clock to wait by.
    var electionDeadlineMS: UInt64?
    /// When the leader of this term was last heard, as one that a quorum follows.
    var leaderHeardMS: UInt64?
    /// Whether the leader's last heartbeat said that no quorum answers it.
    var isLeaderAlone = false
    var random: SplitMix64

    var forwarding = ReadForwarding()
    var incomingSnapshot: IncomingSnapshot?
    var freshness = Freshness()
    var digests: DigestLedger
    /// Since when too much is committed behind what is proven, and whether for long; `nil` while it is
    /// not.
    var unproven: (sinceMS: UInt64, isLong: Bool)?
    /// Exists while the applied state is known to differ from the majority's.
    var quarantine: Quarantine?
    /// How often the applied state was thrown away.
    var rebuildCount: UInt64 = 0
    /// A snapshot that was saved, of a state that is being made anew.
    var takenSnapshot: SnapshotMetadata?
    /// Nothing new may be taken into the log; see ``takesEntries``.
    var isDiskFull = false
    /// Messages that no correct peer sends, left out since the start.
    package internal(set) var ignoredMessageCount: UInt64 = 0

    var outbox = Outbox()

    /// A voter as its disk remembers it.
    ///
    /// - Parameters:
    ///   - settings: Times and bounds; the times must be the same on every voter.
    ///   - me: This node and the store it runs on.
    ///   - restored: Term and vote as they were made durable last.
    ///   - snapshot: The latest durable snapshot, already loaded into the state machine.
    ///   - entries: The log on disk: without gaps, starting at most one behind the snapshot's end.
    ///   - arrived: What was kept of a snapshot that was on its way in: its first bytes, as they came.
    ///   - seed: Random for each start of the process; election timeouts and read nonces hang on it.
    package init(
        settings: RaftSettings,
        me: Voter,
        restored: HardState,
        snapshot: SnapshotMetadata?,
        entries: [LogEntry],
        arrived: (metadata: SnapshotMetadata, state: [UInt8])? = nil,
        seed: UInt64
    ) {
        let start = snapshot?.position ?? .zero
        self.settings = settings
        self.me = me
        self.snapshot = snapshot
        hardState = restored
        log = RaftLog(snapshot: start, found: entries)
        commit = start.index
        applied = start.index
        handedOut = start.index
        digests = DigestLedger(proven: start.index)
        configuration = ConfigurationHistory(
            at: start.index,
            voters: snapshot?.voters ?? VoterSet(incoming: [])
        )
        for entry in log.entries(from: start.index.next, through: log.last.index) {
            configuration.appended(entry)
        }
        writes = WriteLedger(durable: log.last.index)
        random = SplitMix64(seed: seed)
        takeUp(arrived)
        if let last = entries.last, !log.holds(last.position) {
            outbox.stageTruncation(from: LogIndex(1))  // The snapshot has made it void.
        }
        checkInvariants(since: nil)
    }

    /// Applies one input and says what must happen next.
    ///
    /// Perform the effects in order.
    package mutating func step(_ input: RaftInput) -> [RaftEffect] {
        let before = Checkpoint(self)
        transition(on: input)
        tellRole(since: before)
        handOutCommitted()
        let effects = outbox.flush(into: &writes, now: now)
        checkInvariants(since: before)
        return effects
    }

    private mutating func transition(on input: RaftInput) {
        switch input {
        case .tick(let now): tick(now: now)
        case .received(let message, let sender): receive(message, from: sender)
        case .propose(let proposals): propose(proposals)
        case .readIndex(let request): read(request)
        case .persisted(let sequence): persisted(sequence)
        case .applied(let index): entriesApplied(through: index)
        case .snapshotTaken(let metadata): snapshotTaken(metadata)
        case .snapshotInstalled(let metadata): snapshotInstalled(metadata)
        case .snapshotChunk(let node, let metadata, let offset, let bytes):
            sendChunk(to: node, metadata, offset: offset, bytes: bytes)
        case .disconnected(let node): disconnected(node)
        case .transferLeadership(let node): transferLeadership(to: node)
        case .stand: standEarly()
        case .diskSpace(let isFull): isDiskFull = isFull
        case .changeMembers(let request, let change): changeMembers(request, change)
        case .digested(let digest): digested(digest)
        }
    }
}

// MARK: - Common to all roles

extension Raft {
    package var term: Term { hardState.term }

    /// The voters in force: those of the last configuration entry, committed or not.
    package var voters: VoterSet { configuration.current }

    /// Whether this node counts in decisions now.
    var isVoter: Bool { voters.decides(me) }

    /// Whether this node may ask to lead: it counts now, or counted before a change that is not known
    /// to be committed.
    ///
    /// Who is voted out by an entry that it alone has may be the only one whom the others' log lets
    /// win: they still need its vote, and its log is longer (thesis §4.2.2).
    var mayBeNeeded: Bool { configuration.decides(me, since: commit) }

    private mutating func tick(now: UInt64) {
        guard now >= self.now else { return }  // A clock that steps back is not monotonic.
        self.now = now
        if role == .leader {
            leaderTick()
        } else if let electionDeadlineMS {
            if now >= electionDeadlineMS { campaign(.preVote) }
        } else {
            resetElectionTimer()
        }
        watchForwardedReads()
        watchUnproven()
    }

    /// Takes over a term and gives up whatever role the old one had.
    mutating func becomeFollower(term: Term, leader: NodeID?) {
        if role == .leader { resign() }
        if term > self.term {
            hardState = HardState(term: term, vote: nil)
            outbox.stage(hardState)
            leaderHeardMS = nil
        }
        if leader != self.leader {
            failForwardedReads(.leadershipLost)
            isLeaderAlone = false
        }
        if role != .follower { resetElectionTimer() }
        role = .follower
        candidacy = nil
        self.leader = leader
    }

    mutating func resetElectionTimer() {
        let length = settings.electionMS
        electionDeadlineMS = now + UInt64.random(in: length..<2 * length, using: &random)
    }

    mutating func ignore() { ignoredMessageCount &+= 1 }

    private mutating func tellRole(since before: Checkpoint) {
        guard before.role != role || before.leader != leader || before.term != term else { return }
        outbox.tell(.role(role, term: term, leader: leader))
    }
}
