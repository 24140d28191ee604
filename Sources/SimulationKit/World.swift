// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Primitives
import RaftCore

/// A whole cluster: production cores, codec and log over simulated network, disks and clocks.
///
/// ```
///   clients ──▶ nodes (Raft) ──effects──▶ disk ──flushed──▶ nodes
///                    └──── messages, encoded ──▶ network ──▶ nodes
/// ```
/// One thread, one queue of events ordered by time and order of asking, one seed: the same seed
/// gives the same history, event by event.
struct World {
    enum Event: Sendable {
        case tick(node: Int, life: UInt64)
        case arrival(bytes: [UInt8], from: Voter, node: Int)
        case flushed(node: Int, life: UInt64)
        case applied(node: Int, life: UInt64, LogIndex)
        case snapshotWanted(node: Int, life: UInt64, SnapshotMetadata, to: NodeID, Range<Int>)
        case disconnected(node: Int, life: UInt64, peer: NodeID)
        case operation(UInt64, node: Int)
        case nextOperation
        case fault
        case transferOrder(node: Int, life: UInt64, to: NodeID?)
        case restart(node: Int, life: UInt64)
        case reconnection
    }

    let plan: WorldPlan
    let cluster: ClusterID
    var nowUS: UInt64 = 0
    var random: SplitMix64
    var queue = EventQueue<Event>()
    var network: SimulatedNetwork
    var nodes: [SimulatedNode] = []
    /// Disks that were taken out, under the identity they had.
    var retired: [(voter: Voter, disk: SimulatedDisk)] = []
    var chronicle: Chronicle
    var operations: [Operation] = []
    var acceptsOperations = true
    var faultsAreOn = false
    var digest = TraceDigest()
    var tally = WorldTally()
    /// What happened, newest last; bounded, for the report of a failure.
    var journal = Journal()

    init(plan: WorldPlan) {
        self.plan = plan
        random = SplitMix64(seed: plan.seed ^ 0x5EED_0F_A11)
        network = SimulatedNetwork(plan: plan)
        chronicle = Chronicle(nodeCount: plan.voterCount)
        cluster = ClusterID(UniqueID(using: &random))
        let voters = (1...plan.voterCount).map { number in
            Voter(
                node: NodeID(UInt64(number)),
                store: StoreID(UniqueID(using: &random))
            )
        }
        let first = Raft.bootstrap(VoterSet(incoming: voters))
        for (position, voter) in voters.enumerated() {
            let isFirst = position == 0 || !plan.bootstrapsOne
            do throws(LogStorageError) {
                let disk = try makeDisk(of: voter, first: isFirst ? first : nil)
                nodes.append(
                    try SimulatedNode(
                        voter: voter,
                        disk: disk,
                        settings: plan.settings,
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
        var observation = Observation(timeUS: timeUS)
        handle(event, &observation)
        if let node = observation.node {
            chronicle.observe(nodes[node].raft, node: node)
            digest.add(timeUS: timeUS, nodes[node].raft, nodes[node].disk.operationCount)
        }
        return observation
    }

    private mutating func handle(_ event: Event, _ observation: inout Observation) {
        switch event {
        case .tick(let node, let life): tick(node, life, event, &observation)
        case .arrival(let bytes, let sender, let node):
            arrive(bytes, from: sender, node, event, &observation)
        case .flushed(let node, let life): flushed(node, life, event, &observation)
        case .applied(let node, let life, let index):
            guard isAwake(node, life, event) else { return }
            step(node, .applied(index), &observation)
        case .snapshotWanted(let node, let life, let metadata, let peer, let range):
            guard isAwake(node, life, event) else { return }
            readSnapshot(node, metadata, to: peer, range, &observation)
        case .disconnected(let node, let life, let peer):
            guard isAwake(node, life, event) else { return }
            step(node, .disconnected(peer), &observation)
        case .operation(let id, let node): operate(id, node, event, &observation)
        case .nextOperation: makeOperation()
        case .fault: injectFault()
        case .transferOrder(let node, let life, let target):
            guard isAwake(node, life, event) else { return }
            step(node, .transferLeadership(to: target), &observation)
        case .restart(let node, let life): restart(node, life, &observation)
        case .reconnection: network.reconnect()
        }
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
