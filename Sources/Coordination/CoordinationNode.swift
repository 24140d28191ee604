// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
package import Codecs
import FeedCore
import LogStorage
package import Logging
package import NIOCore
package import PeerTransport
package import Primitives
import RaftCore
import Synchronization
package import Telemetry

/// The coordination service inside a worker: a voter or an observer, and the way there.
///
/// ```
///   PeerServer ──▶ peer methods ─┐             ┌─▶ RaftDriver (voters)  ─┐
///                                ├─▶ this node ┤                         ├─▶ CatalogReplica
///   HTTP, runtime ─▶ service ────┘             └─▶ FeedFollower (others) ┘
/// ```
///
/// Holds the parts together; each has its own file: membership, formation, admission, submission,
/// reads, status, feed.
package final class CoordinationNode: Sendable {
    let settings: CoordinationSettings
    let membership: Membership
    let store: MembershipStore
    let replica: CatalogReplica
    let book = AddressBook()
    let staleness = StalenessTracker()
    let locations = LocatedCatalog()
    let health: HealthMonitor
    /// What is thought of the other workers.
    package let gossip: GossipDriver
    let peers: any PeerCalling
    /// Where a voter's consensus runs.
    let loop: any EventLoop
    let log: Logger
    let metrics: CoordinationMetrics
    /// What about this worker needs a person.
    package let alarms = AlarmBoard()
    /// Where this worker listens, once it does.
    private let addresses = Mutex<WorkerAddresses?>(nil)
    /// The voter's driver, once this worker is one.
    let voting = Mutex<Voting?>(nil)
    /// How this worker is fed; nothing where its own log tells it everything.
    let feedLine: FeedLine
    /// Whom this worker feeds.
    let feedDesk = FeedDesk()
    let feedTrees = FeedTreeCache()
    /// What goes beside the connections between voters while they lose packets.
    let datagrams = ConsensusDatagrams()
    /// The worker that is to get a lost vote, while this one leads: asked as often as the voters are.
    let candidate = Mutex<NodeID?>(nil)
    /// What this leader remembers about the votes; `nil` where another leads.
    let leading = Mutex<Leading?>(nil)
    /// What the scrub has found in the log's files.
    let damage = Mutex<[LogScrub.Damage]>([])
    /// What the log is to be given up for, once the others can spare it.
    let rot = Mutex<RecoveryFinding?>(nil)
    /// 1 once it was.
    let rotMark = Waiters(reached: 0)
    /// What this voter has promised to others whose logs are.
    let sparing = Mutex(Sparing())
    /// The newest revision that each worker said it has when a barrier asked; workers of the catalog only.
    let reached = Mutex<[NodeID: Revision]>([:])
    /// Why the last checkpoint could not be written; `nil` if it was.
    let checkpointProblem = Mutex<MembershipStoreError?>(nil)
    /// Why this worker cannot become a member and has to end; the first one counts.
    private let fatalRefusal = Mutex<String?>(nil)
    /// 1 once there is a fatal refusal.
    private let refusalMark = Waiters(reached: 0)
    /// Where this worker was taken in by the cluster that its own goes on in; until it has its catalog.
    let newHome = Mutex<PeerAddress?>(nil)
    /// The init that runs here, if one does.
    let initialising = Mutex(OwnInitialisation())
    /// When this worker began to listen for the voters, by the monotonic clock.
    let listeningSinceMS = Mutex<UInt64?>(nil)
    /// One question to the leader for all reads that wait here, where no voter runs.
    let readForwarder = CoalescedCall<LogIndex>()
    /// Writes that wait for another worker's answer; made for the first of them.
    let leaderWatch = Mutex<LeaderWatch?>(nil)

    /// A running voter.
    struct Voting: Sendable {
        let driver: RaftDriver
        let writer: LogWriter
        let scrubber: LogScrubber

        /// Writes what was begun, and ends the threads; `false` if the log's did not end in time.
        @discardableResult func stop() -> Bool {
            scrubber.stop()
            driver.stop()
            return writer.stop()
        }
    }

    /// A node whose consensus, if it votes, runs on `loop`: best the one that `peers` and the peers'
    /// server use, so that a message is answered on the thread that read it.
    package init(
        settings: CoordinationSettings,
        store: MembershipStore,
        peers: any PeerCalling,
        loop: any EventLoop,
        metrics: MetricRegistry,
        log: Logger
    ) {
        self.settings = settings
        self.store = store
        self.peers = peers
        self.loop = loop
        self.log = log
        self.metrics = CoordinationMetrics(registry: metrics)
        replica = CatalogReplica(feedCount: settings.limits.feedCount)
        membership = Membership(store.initialState)
        health = HealthMonitor(peers: peers, book: book, now: settings.now)
        gossip = GossipDriver(
            book: book,
            loop: loop,
            now: settings.now,
            name: { [replica] in replica.catalog.worker(id: $0)?.name },
            log: log
        )
        feedLine = FeedLine(now: settings.now)
        self.metrics.report(alarms: { [weak self] in
            guard let self else { return [] }
            return ownAlarms + ringAlarms(replica.catalog).map(\.alarm)
        })
        self.metrics.report { [weak self] in self?.driver?.state }
        self.metrics.report(feed: { [weak self] in self?.feedFacts })
        self.metrics.report(damagedFiles: { [weak self] in self?.damage.withLock { $0.count } ?? 0 }
        )
        if let refusal = store.rejectedLog?.refusal {
            alarms.raise(
                .logRot,
                "log file \(refusal.file) is damaged (\(refusal.finding.rawValue)): this voter does "
                    + "not vote, and waits to come back as a new store until a quorum of the other "
                    + "voters goes on without it; see to it that they run"
            )
        }
        if case .lostStore(let lost) = store.opening {
            alarms.raise(.storeLost, "\(lost); nothing to do while a quorum of the others answers")
        }
    }

    /// Whether consensus runs here; an observer follows the feed instead.
    package var isVoter: Bool { driver != nil }

    /// What consensus knows here; `nil` where it does not run.
    package var voterState: VoterState? { driver?.state }

    var driver: RaftDriver? { voting.withLock { $0?.driver } }

    /// Serves until cancelled; call ``start()`` before.
    package func run() async {
        await withDiscardingTaskGroup { group in
            group.addTask { await self.refuseForeignNeighbours() }
            group.addTask { await self.joinUntilMember() }
            group.addTask { await self.watchHealth() }
            group.addTask { await self.keepGossiping() }
            group.addTask { await self.followFeed() }
            group.addTask { await self.followSuccessor() }
            group.addTask { await self.keepRegistered() }
            group.addTask { await self.keepCheckpoint() }
            group.addTask { await self.keepBackups() }
            group.addTask { await self.keepVoters() }
            group.addTask { await self.keepRings() }
            group.addTask { await self.askToBeSpared() }
            group.addTask { await self.watchRetirement() }
        }
    }

    /// Says where this worker listens; before ``start()``, once every port is bound.
    package func listening(at addresses: WorkerAddresses) {
        self.addresses.withLock { $0 = addresses }
        noteOwnAddresses()
    }

    /// This worker as it wants to be registered.
    var registration: WorkerRegistration {
        settings.registration(at: addresses.withLock { $0 })
    }

    /// Whether this worker can be told to others.
    var isListening: Bool { addresses.withLock { $0 != nil } }

    /// Loads what the disk holds and, on a voter, starts its consensus.
    package func start() throws(MembershipStoreError) {
        let checkpoint = try store.loadCheckpoint()
        if membership.state.isVoter {
            try startVoting(from: checkpoint)
        } else if let checkpoint {
            replica.restore(checkpoint.catalog, at: checkpoint.index)
        }
        learnAddresses()
    }

    /// Why the cluster refuses this worker for good; waits until it does.
    package func refusal(within limit: Timespan) async -> String? {
        _ = await refusalMark.wait(for: 1, within: limit)
        return fatalRefusal.withLock { $0 }
    }

    func refuse(_ reason: String) {
        fatalRefusal.withLock { $0 = $0 ?? reason }
        refusalMark.advance(to: 1)
    }

    /// Saves the catalog, ends the threads.
    ///
    /// A leader hands over before, see ``handLeadershipOver()``.
    package func shutDown() {
        saveCheckpoint()
        voting.withLock { $0 }?.stop()
    }

    /// Hands leadership over if this worker has it; while ``run()`` goes on, for it knows who answers.
    ///
    /// Asks again and again, because an attempt that fails is given up by the core; at most two
    /// seconds, and not at all where nobody answers who could take over.
    package func handLeadershipOver() async {
        guard let driver else { return }
        for _ in 0..<40 where driver.state.role == .leader {
            guard voters.contains(where: { $0 != membership.node && health.answersNow($0) }) else {
                return
            }
            driver.transferLeadership(to: nil)
            try? await Task.sleep(for: .milliseconds(50))
        }
    }

    /// Who this worker is, as other workers are told.
    package var currentHello: PeerHello {
        PeerHello(
            cluster: membership.cluster,
            node: membership.node,
            store: registration.store,
            name: registration.name,
            region: registration.region,
            zone: registration.zone,
            lineage: lineage ?? []
        )
    }

    /// The clusters that this worker's goes on from, its parent first; `nil` while it is not known.
    package var lineage: [ClusterID]? {
        guard let entry = replica.catalog.cluster, entry.id == membership.cluster else {
            return nil
        }
        return entry.lineage.map(\.cluster)
    }

    /// The catalog with every worker where it was last heard from.
    func located(_ catalog: Catalog) -> Catalog { locations.view(of: catalog) }

    /// Where this worker is itself, once it is a member and listens, whichever comes last.
    func noteOwnAddresses() {
        guard let node = membership.node, isListening else { return }
        locations.heard(node, at: registration.addresses)
    }

    /// Teaches the address book what the catalog says.
    func learnAddresses() {
        var addresses: [NodeID: PeerAddress] = [:]
        for worker in replica.catalog.workers {
            addresses[worker.id] = PeerAddress(worker.addresses.peer)
        }
        book.registered(addresses)
    }

    /// Who takes part in consensus, by what is newest here.
    private var members: KnownMembers {
        KnownMembers(
            log: driver?.state,
            catalog: replica.catalog.cluster?.voters ?? store.rejectedLog?.voters ?? []
        )
    }

    var voters: [NodeID] { members.voters }

    /// How many voters answered within the last second, this one included, and how many must; who does
    /// not vote because its log cannot be used does not count.
    ///
    /// While two sets decide together: of the one that lacks most.
    var quorum: (have: Int, need: Int, missing: [NodeID]) {
        let members = members
        let incoming = quorum(of: members.voters)
        guard !members.outgoing.isEmpty else { return incoming }
        let before = quorum(of: members.outgoing)
        return before.have - before.need < incoming.have - incoming.need ? before : incoming
    }

    private func votesNow(_ node: NodeID) -> Bool {
        if node == membership.node { return store.rejectedLog == nil }
        return health.votesNow(node)
    }

    private func quorum(of voters: [NodeID]) -> (have: Int, need: Int, missing: [NodeID]) {
        let missing = voters.filter { !votesNow($0) }
        return (voters.count - missing.count, voters.count / 2 + 1, missing)
    }

    /// Workers that get the log without a vote: by consensus where it runs here, else by what they say.
    var learners: [NodeID] {
        let members = members
        if let learners = members.learners { return learners }
        return replica.catalog.workers.map(\.id).filter { node in
            !members.voters.contains(node) && health.report(of: node)?.status.isVoter == true
        }
    }

    func name(of node: NodeID) -> String {
        replica.catalog.worker(id: node)?.name ?? node.description
    }
}
