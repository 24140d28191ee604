// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
package import Primitives

/// What a worker's other parts may ask of coordination.
///
/// Any worker answers: a voter from its own consensus, every other from its feed, both through the
/// same calls. Nothing here blocks a thread; every wait ends by its deadline.
package protocol CoordinationService: Sendable {
    /// The local replica as it stands, however old.
    func view() -> CatalogView

    /// Whether the local replica holds a cluster: before that there is nothing to be asked.
    var isFormed: Bool { get }

    /// Waits until the local replica holds everything committed before the call began.
    func readBarrier(within limit: Timespan) async throws(CoordinationError)

    /// Waits until the local replica has reached `revision`.
    ///
    /// - Throws: ``CoordinationError/behind(have:wanted:)`` at the deadline.
    func wait(for revision: Revision, within limit: Timespan) async throws(CoordinationError)

    /// Has a command committed and returns what became of it.
    ///
    /// Afterwards the local replica holds its effect.
    func submit(
        _ command: CatalogCommand,
        within limit: Timespan
    ) async throws(CoordinationError) -> CatalogOutcome

    /// Waits until every worker of every region has a change, or cannot use what was there before.
    ///
    /// Never fails: says what is so at the end of `limit`.
    func barrier(_ request: BarrierRequest, within limit: Timespan) async -> BarrierReport

    /// Ordered changes, live.
    func watch(_ request: WatchRequest) throws(CoordinationError) -> any WatchStream

    /// Who votes, who leads, who answers: always available, quorum or not.
    func status() -> CoordinationStatus

    /// Waits out the first second of listening for the voters while too few are heard; else returns
    /// at once.
    func untilVotersWereAsked() async

    /// Whether this worker is a member with a catalog, and what it waits for if not.
    func readiness() -> Readiness

    /// Forms a cluster out of fresh workers, or resumes doing so.
    ///
    /// This worker need not be one of the voters; then its replica is still empty afterwards.
    func initialise(
        _ request: InitialisationRequest,
        within limit: Timespan
    ) async throws(CoordinationError) -> FormedCluster

    /// Hands leadership to the named voter, or the best one; returns who leads then.
    ///
    /// - Throws: ``CoordinationError/unfinished(_:_:)`` where the transfer may still happen.
    func transferLeadership(
        to name: String?,
        within limit: Timespan
    ) async throws(CoordinationError) -> String

    /// What the leader does next about the votes, by its own word.
    ///
    /// - Returns: `nil` where nobody leads, or the one who does not say within half a second.
    func votingOutlook() async -> VotingOutlook?

    /// Whether a worker may be promoted or demoted now, and what would become of the votes: a sentence.
    ///
    /// - Throws: ``CoordinationError/unsafe(_:)`` with the numbers where it would harm or cannot be done.
    func effect(
        of kind: VoteWish.Kind,
        on name: String
    ) async throws(CoordinationError) -> String

    /// Has it written down who should vote; the leader then changes the votes step by step.
    func changeVoting(
        _ change: VotingChange,
        within limit: Timespan
    ) async throws(CoordinationError) -> ClusterEntry

    /// The catalog as this worker has it: with everything that was committed before where a quorum
    /// says so within `limit`, else as it stands.
    ///
    /// - Throws: `notInitialised`; `unsafe` where it is known to be wrong.
    func backup(within limit: Timespan) async throws(CoordinationError) -> CatalogBackup

    /// Makes this fresh worker the only voter of a new cluster that goes on from a backup.
    ///
    /// Run again with the same backup it answers the same.
    func restore(
        _ backup: CatalogBackup,
        within limit: Timespan
    ) async throws(CoordinationError) -> FormedCluster
}

/// One consistent look at the local replica.
package struct CatalogView: Sendable {
    /// Empty before the cluster is formed or the first feed has arrived.
    package let catalog: Catalog
    /// Upper bound on how long ago this replica was known to be complete; `nil` = never.
    package let staleness: Timespan?

    package init(catalog: Catalog, staleness: Timespan?) {
        self.catalog = catalog
        self.staleness = staleness
    }
}

/// Why coordination could not do what was asked.
package enum CoordinationError: Error, Sendable, Equatable {
    case notInitialised
    /// Fewer voters answer than are needed; `missing` are names. Nothing was applied.
    case noQuorum(have: Int, need: Int, missing: [String])
    /// Enough voters answer, but none leads yet. Nothing was applied.
    case noLeader
    /// Appended somewhere, fate unknown.
    case outcomeUnknown
    /// A bound was reached. Nothing was applied.
    case overloaded
    case behind(have: Revision, wanted: Revision)
    case compacted(oldest: Revision)
    /// Refused because it would harm: reason for people.
    case unsafe(String)
    case badValue(String)
    case notFound(String)
    /// An init that did not get what it waited for: who answered, who is missing. Nothing was formed.
    case incomplete(String)
    /// Begun, and not seen to end in time: it may still take effect. How far it is, for people.
    case unfinished(Undertaking, String)
    /// Nothing was applied.
    case timedOut
}

/// What takes several steps, none of which is taken back.
package enum Undertaking: Sendable, Hashable {
    /// Some voters have formed the cluster; running init again on the same worker completes it.
    case initialisation
    case transfer
}

/// What an init has formed.
package struct FormedCluster: Sendable, Hashable {
    package let entry: ClusterEntry
    /// Names, in the order of their node ids.
    package let voters: [String]

    package init(entry: ClusterEntry, voters: [String]) {
        self.entry = entry
        self.voters = voters
    }
}

/// What to watch, as `GET /v1/watch` describes it.
package struct WatchRequest: Sendable, Hashable {
    /// First revision wanted, inclusive; `nil`: from now on.
    package let from: Revision?
    /// One `state` event for each live key first; only without `from`.
    package let includesState: Bool
    /// Only keys that begin with this.
    package let prefix: ByteString

    package init(from: Revision?, includesState: Bool, prefix: ByteString) {
        self.from = from
        self.includesState = includesState
        self.prefix = prefix
    }
}

/// The events of one watch, for one reader.
package protocol WatchStream: AnyObject, Sendable {
    /// What there is, in order, at least one; waits for it.
    ///
    /// `nil` after `.closed`, after ``end()``, or when the caller's task is cancelled. A revision is
    /// never divided.
    func events() async -> [WatchEvent]?

    /// Ends it from outside: a wait under way ends at once.
    func end()
}

/// What an operator asks first.
package struct CoordinationStatus: Sendable {
    package struct VoterStatus: Sendable, Hashable {
        package let node: NodeID
        package let name: String
        package let region: String
        package let zone: String
        package let isReachable: Bool
        /// Entries that it trails the leader by; `nil` where nobody who knows answers.
        package let trailsLeaderBy: UInt64?

        package init(
            node: NodeID,
            name: String,
            region: String,
            zone: String,
            isReachable: Bool,
            trailsLeaderBy: UInt64?
        ) {
            self.node = node
            self.name = name
            self.region = region
            self.zone = zone
            self.isReachable = isReachable
            self.trailsLeaderBy = trailsLeaderBy
        }
    }

    package let cluster: ClusterID?
    package let term: Term
    package let leader: String?
    package let commitIndex: LogIndex
    package let quorumHave: Int
    package let quorumNeed: Int
    package let voters: [VoterStatus]
    /// Workers that get the log, and have no vote or not yet.
    package let learners: [VoterStatus]
    /// Workers without a vote that feed those of their region.
    package let relays: [NodeID]
    /// What this worker knows of the others' health and load, sorted by name.
    package let workers: [WorkerHealth]
    /// What needs a person, as far as this worker has heard, by worker.
    package let alarms: [WorkerAlarm]

    package init(
        cluster: ClusterID?,
        term: Term,
        leader: String?,
        commitIndex: LogIndex,
        quorumHave: Int,
        quorumNeed: Int,
        voters: [VoterStatus],
        learners: [VoterStatus] = [],
        relays: [NodeID] = [],
        workers: [WorkerHealth],
        alarms: [WorkerAlarm] = []
    ) {
        self.cluster = cluster
        self.term = term
        self.leader = leader
        self.commitIndex = commitIndex
        self.quorumHave = quorumHave
        self.quorumNeed = quorumNeed
        self.voters = voters
        self.learners = learners
        self.relays = relays
        self.workers = workers
        self.alarms = alarms
    }
}

/// An alarm and whose it is.
package struct WorkerAlarm: Sendable, Hashable {
    /// The worker's name.
    package let worker: String
    package let alarm: Alarm

    package init(worker: String, alarm: Alarm) {
        self.worker = worker
        self.alarm = alarm
    }
}

/// What was last heard from one worker.
package struct WorkerHealth: Sendable, Hashable {
    package enum Liveness: String, Sendable { case alive, suspect, dead }

    package let name: String
    package let liveness: Liveness
    /// Bytes of cache in use, by its last word; `nil` where it never said a word to this worker.
    package let usedBytes: UInt64?
    package let pages: UInt64?

    package init(name: String, liveness: Liveness, usedBytes: UInt64?, pages: UInt64?) {
        self.name = name
        self.liveness = liveness
        self.usedBytes = usedBytes
        self.pages = pages
    }
}

/// The answer of `/readyz`.
package enum Readiness: Sendable, Hashable {
    case ready
    case waiting(Reason)

    package enum Reason: String, Sendable {
        case waitingForInit = "waiting-for-init"
        case joining
        case replacing
        case draining
    }
}

/// The arguments of `cluster init`.
package struct InitialisationRequest: Sendable, Hashable {
    /// `nil`: the largest odd number ≤ min(3, addresses in `join`).
    package let voterCount: Int?
    package let survival: ClusterEntry.Survival
    package let timing: ClusterEntry.Timing

    package init(
        voterCount: Int?,
        survival: ClusterEntry.Survival,
        timing: ClusterEntry.Timing
    ) {
        self.voterCount = voterCount
        self.survival = survival
        self.timing = timing
    }
}
