// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Primitives
import RaftCore

/// What goes wrong: crashes, pauses, partitions, resets, disks, forced hand-overs.
extension World {
    private enum Fault: Sendable {
        case crash, pause, partition, transfer, wipe, reset, diskError
    }

    mutating func startFaults() {
        faultsAreOn = true
        network.startFaults()
        queue.add(.fault, at: nowUS + plan.meanFaultGapUS)
    }

    /// Ends all faults: everybody up, awake and connected.
    mutating func heal() {
        faultsAreOn = false
        network.heal()
        for node in nodes.indices {
            nodes[node].pausedUntilUS = 0
            nodes[node].disk.repair()
            queue.add(.restart(node: node, life: nodes[node].life), at: nowUS)
        }
    }

    mutating func injectFault() {
        guard faultsAreOn else { return }
        queue.add(.fault, at: nowUS + .random(in: 1...2 * plan.meanFaultGapUS, using: &random))
        var choices: [Fault] = []
        if plan.crashes { choices += [.crash, .crash] }
        if plan.pauses { choices.append(.pause) }
        if plan.partitions { choices += [.partition, .partition] }
        if plan.transfers { choices.append(.transfer) }
        if plan.wipes { choices.append(.wipe) }
        if plan.resets { choices.append(.reset) }
        if plan.diskErrors { choices.append(.diskError) }
        guard let fault = choices.randomElement(using: &random) else { return }
        tally.faults += 1
        let node = victim()
        switch fault {
        case .crash:
            crash(node, random.chance(percent: 70) ? SimulatedDisk.Crash.power : .process)
        case .pause:
            nodes[node].pausedUntilUS = nowUS + .random(in: 50_000...4_000_000, using: &random)
        case .partition: partition()
        case .transfer: orderTransfer(node)
        case .wipe: wipe(node)
        case .reset: disconnect(node)
        case .diskError: nodes[node].disk.failSoon(using: &random)
        }
    }

    /// Any node; more often than not a leader, whose faults hurt most.
    private mutating func victim() -> Int {
        let leader = nodes.firstIndex { $0.isUp && $0.raft.role == .leader }
        if let leader, random.chance(percent: 50) { return leader }
        return Int.random(in: 0..<nodes.count, using: &random)
    }

    mutating func crash(_ node: Int, _ crash: SimulatedDisk.Crash) {
        guard nodes[node].isUp else { return }
        if let refusal = nodes[node].disk.crash(crash, using: &random) { complain(node, refusal) }
        nodes[node].crash()
        disconnect(node)
        startLater(node)
    }

    private mutating func startLater(_ node: Int) {
        let downUS = UInt64.random(in: 10_000...5_000_000, using: &random)
        queue.add(.restart(node: node, life: nodes[node].life), at: nowUS + downUS)
    }

    /// Starts a node from what its disk holds; now and then the start is cut off as well.
    mutating func restart(_ node: Int, _ life: UInt64, _ observation: inout Observation) {
        guard !nodes[node].isUp, nodes[node].life == life else { return }
        let disk = nodes[node].disk
        if faultsAreOn, plan.crashes, random.chance(percent: 20) { disk.failSoon(using: &random) }
        guard let crash = disk.lastCrash else { return }
        do {
            let recovered = try disk.open()
            try nodes[node].restart(recovered, plan.settings, seed: random.next())
            observation.node = node
            observation.restart = .init(
                crash: crash,
                found: LogContent(recovered),
                durable: disk.durable
            )
            tally.restarts += 1
            scheduleTick(node)
        } catch let error as LogStorageError where error.isFault && disk.isFaulty {
            tally.failedStarts += 1
            disk.crash(random.chance(percent: 50) ? .power : .process, using: &random)
            startLater(node)
        } catch {
            tally.complaint = "\(nodes[node].voter.node) cannot start: \(error)"
        }
    }

    /// Its peers notice, a little later each, that the connection is gone.
    private mutating func disconnect(_ node: Int) {
        for peer in nodes.indices where peer != node {
            let delayUS = UInt64.random(in: 100...20_000, using: &random)
            queue.add(
                .disconnected(node: peer, life: nodes[peer].life, peer: nodes[node].voter.node),
                at: nowUS + delayUS
            )
        }
    }

    private mutating func orderTransfer(_ node: Int) {
        let target = random.chance(percent: 50) ? nodes.randomElement(using: &random) : nil
        queue.add(
            .transferOrder(node: node, life: nodes[node].life, to: target?.voter.node),
            at: nowUS
        )
    }

    /// Replaces the disk of a node by an empty one; never of so many that a quorum is gone.
    private mutating func wipe(_ node: Int) {
        guard retired.count < (nodes.count - 1) / 2, !nodes[node].isWiped else { return }
        crash(node, .power)
        let store = StoreID(UniqueID(using: &random))
        let empty = Voter(node: nodes[node].voter.node, store: store)
        do throws(LogStorageError) {
            let disk = try makeDisk(of: empty, first: nil)
            retired.append((nodes[node].voter, nodes[node].disk))
            nodes[node].replaceDisk(disk, store: store)
        } catch {
            complain(node, error)
        }
    }

    /// A disk with an empty log, or with what a first voter's log begins with.
    func makeDisk(
        of voter: Voter,
        first: (state: HardState, entry: LogEntry)?
    ) throws(LogStorageError) -> SimulatedDisk {
        try SimulatedDisk(
            identity: LogIdentity(cluster: cluster, store: voter.store, node: voter.node),
            segmentByteCount: plan.segmentByteCount,
            first: first.map { first in
                LogWrite(
                    sequence: WriteSequence(1),
                    hardState: first.state,
                    truncateFrom: nil,
                    entries: [first.entry]
                )
            }
        )
    }

    // MARK: - Partitions

    private mutating func partition() {
        guard nodes.count > 1 else { return }
        network.reconnect()
        switch Int.random(in: 0..<4, using: &random) {
        case 0: isolate(victim())
        case 1:
            let sides = nodes.map { _ in random.chance(percent: 50) }
            network.separate(sides)
        case 2:  // One way only.
            let from = victim()
            for to in nodes.indices where to != from && random.chance(percent: 60) {
                network.cut(from: from, to: to)
            }
        default:  // A bridge: two sides that only one node can reach.
            let bridge = Int.random(in: 0..<nodes.count, using: &random)
            for from in nodes.indices where from != bridge {
                for to in nodes.indices where to != bridge && from % 2 != to % 2 {
                    network.cut(from: from, to: to)
                }
            }
        }
        let lengthUS = UInt64.random(in: 100_000...8_000_000, using: &random)
        queue.add(.reconnection, at: nowUS + lengthUS)
    }

    private mutating func isolate(_ node: Int) {
        for other in nodes.indices where other != node {
            network.cut(from: node, to: other)
            network.cut(from: other, to: node)
        }
    }
}
