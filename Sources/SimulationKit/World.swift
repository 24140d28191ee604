// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Primitives
import RaftCore

/// A whole cluster: production cores, catalogs, codecs and logs over simulated network, disks and clocks.
///
/// ```
///   clients ──▶ nodes (Raft) ──effects──▶ disk ──flushed──▶ nodes
///                 │     └──── messages, encoded ──▶ network ──▶ nodes
///                 └─ committed ─▶ Catalog ─▶ answers, watches, snapshots
/// ```
/// One thread, one queue of events ordered by time and order of asking, one seed: the same seed
/// gives the same history, event by event.
struct World {
    enum Event: Sendable {
        case tick(node: Int, life: UInt64)
        case arrival(SimulatedNetwork.Parcel)
        case flushed(node: Int, life: UInt64)
        case applied(node: Int, life: UInt64, stateCount: Int, LogIndex)
        indirect case snapshotWanted(
            node: Int,
            life: UInt64,
            SnapshotMetadata,
            to: NodeID,
            Range<Int>
        )
        case disconnected(node: Int, life: UInt64, peer: NodeID)
        case attempt(UInt64, node: Int)
        case nextOperation
        /// By its place in the schedule.
        case fault(Int)
        case isolation(node: Int, lengthUS: UInt64)
        case deadline(UInt64)
        indirect case memberChange(node: Int, life: UInt64, MembershipChange)
        case transferOrder(node: Int, life: UInt64, to: NodeID?)
        case restart(node: Int, life: UInt64)
        /// A process looks how full its disk is.
        case look(node: Int, life: UInt64)
        /// A disk has room again.
        case room(node: Int)
    }

    let plan: WorldPlan
    /// The plan's, which are put together anew each time they are asked for.
    let settings: RaftSettings
    let cluster: ClusterID
    var nowUS: UInt64 = 0
    var random: SplitMix64
    var queue = EventQueue<Event>()
    var network: SimulatedNetwork
    var post = Post()
    var nodes: [SimulatedNode] = []
    /// Disks that were taken out, under the identity they had.
    var retired: [(voter: Voter, disk: SimulatedDisk)] = []
    var chronicle: Chronicle
    var clients: Clients
    /// Who follows what the nodes' states go through.
    var watchers: [SimulatedWatcher]
    /// What watchers were told in the last event.
    var watched: [WatchedEvents] = []
    /// Events after which a watcher may look.
    var looks = 0
    var schedule: [PlannedFault] = []
    var acceptsOperations = true
    /// Voters that somebody asked for, and until when the change may still happen.
    var askedVoters: [(voters: [Voter], untilUS: UInt64)] = []
    var faultsAreOn = false
    /// When the faults end, in microseconds since the world began.
    var faultsEndUS: UInt64 = 0
    /// What was committed when they ended.
    var healedAt = LogIndex.zero
    /// How far nodes had come whose memory was wrong: what they said is about nothing behind it.
    var flipsEnd = LogIndex.zero
    /// The numbers of the faults that have happened.
    var injected: [Int] = []
    var digest = TraceDigest()
    var tally = WorldTally()
    /// What happened, newest last; bounded, for the report of a failure.
    var journal = Journal()
    /// Told in words of everything that happens, if anybody listens.
    let trace: ((String) -> Void)?

    init(plan: WorldPlan, trace: ((String) -> Void)?) {
        self.trace = trace
        self.plan = plan
        settings = plan.settings
        random = SplitMix64(seed: plan.seed ^ 0x5EED_0F_A11)
        network = SimulatedNetwork(plan: plan)
        chronicle = Chronicle(nodeLimit: plan.nodeLimit)
        clients = Clients(count: plan.clientCount)
        watchers = (0..<Self.watcherCount).map { SimulatedWatcher(number: $0, seed: plan.seed) }
        cluster = ClusterID(UniqueID(using: &random))
        let members = (1...plan.voterCount + plan.learnerCount).map { number in
            Voter(
                node: NodeID(UInt64(number)),
                store: StoreID(UniqueID(using: &random))
            )
        }
        let first = Raft.bootstrap(
            VoterSet(
                incoming: Array(members.prefix(plan.voterCount)),
                learners: Array(members.dropFirst(plan.voterCount))
            )
        )
        for (position, voter) in members.enumerated() {
            let hasVote = position < plan.voterCount
            let isFirst = position == 0 || (hasVote && !plan.bootstrapsOne)
            do throws(LogStorageError) {
                let disk = try makeDisk(of: voter, first: isFirst ? first : nil)
                nodes.append(
                    try SimulatedNode(
                        voter: voter,
                        disk: disk,
                        plan: plan,
                        using: &random
                    )
                )
                scheduleTick(position)
            } catch {
                tally.complaint = "\(voter.node) has no log: \(error)"
                return
            }
        }
        queue.add(.nextOperation, at: plan.operationGapUS)
    }

    /// Lets the next event happen; `nil` if none is left before `deadlineUS`.
    mutating func advance(until deadlineUS: UInt64) -> Observation? {
        guard let (timeUS, event) = queue.next(by: deadlineUS) else {
            nowUS = deadlineUS
            return nil
        }
        nowUS = timeUS
        tally.events += 1
        if !watched.isEmpty { watched = [] }
        var observation = Observation(timeUS: timeUS)
        handle(event, &observation)
        if let node = observation.node {
            observeCommits(node)
            addToDigest(node)
            if !observation.applied.isEmpty { watch(node) }
        }
        return observation
    }

    /// Writes down what a node knows to be committed.
    mutating func observeCommits(_ node: Int) {
        guard chronicle.isNews(nodes[node].raft.commit, node: node) else { return }
        chronicle.observe(
            nodes[node].raft.log,
            commit: nodes[node].raft.commit,
            term: nodes[node].raft.hardState.term,
            node: node,
            nowUS: nowUS
        )
    }

    private mutating func handle(_ event: Event, _ observation: inout Observation) {
        switch event {
        case .tick(let node, let life): tick(node, life, event, &observation)
        case .arrival(let parcel): arrive(parcel, event, &observation)
        case .flushed(let node, let life): flushed(node, life, event, &observation)
        case .applied(let node, let life, let stateCount, let index):
            guard isAwake(node, life, event), nodes[node].stateCount == stateCount else { return }
            step(node, .applied(index), &observation)
        case .snapshotWanted(let node, let life, let metadata, let peer, let range):
            guard isAwake(node, life, event) else { return }
            readSnapshot(node, metadata, to: peer, range, &observation)
        case .disconnected(let node, let life, let peer):
            guard isAwake(node, life, event) else { return }
            step(node, .disconnected(peer), &observation)
        case .attempt(let id, let node): attempt(id, node, event, &observation)
        case .nextOperation: makeOperation()
        case .deadline(let id): deadlinePassed(id)
        case .fault(let place): inject(place)
        case .isolation(let node, let lengthUS):
            network.isolate(node, untilUS: min(nowUS + lengthUS, faultsEndUS))
        case .transferOrder(let node, let life, let target):
            guard isAwake(node, life, event) else { return }
            step(node, .transferLeadership(to: target), &observation)
        case .memberChange(let node, let life, let change):
            guard isAwake(node, life, event) else { return }
            step(node, .changeMembers(Self.nobodysRequest, change), &observation)
        case .restart(let node, let life): restart(node, life, &observation)
        case .look(let node, let life): look(node, life, event, &observation)
        case .room(let node): nodes[node].disk.makeRoom()
        }
    }

    private mutating func addToDigest(_ node: Int) {
        digest.mix(nowUS)
        digest.mix(nodes[node].voter.node.rawValue)
        digest.mix(nodes[node].raft.hardState.term.rawValue)
        let last = nodes[node].raft.log.last
        digest.mix(last.index.rawValue)
        digest.mix(last.term.rawValue)
        digest.mix(nodes[node].raft.commit.rawValue)
        digest.mix(nodes[node].raft.applied.rawValue)
        digest.mix(nodes[node].raft.role == .leader ? 1 : 0)
        digest.mix(UInt64(nodes[node].disk.operationCount))
    }

    /// Whether the node can take the event now; if it is only paused, the event waits.
    mutating func isAwake(_ node: Int, _ life: UInt64, _ event: Event) -> Bool {
        guard nodes[node].lives(life) else { return false }
        guard nodes[node].pausedUntilUS <= nowUS else {
            queue.add(event, at: nodes[node].pausedUntilUS)
            return false
        }
        return true
    }

    func position(of node: NodeID) -> Int { Int(node.rawValue) - 1 }
}
