// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// What goes wrong: crashes, pauses, partitions, resets, replaced disks, forced hand-overs.
extension World {
    private enum Fault: Sendable {
        case crash, pause, partition, transfer, wipe, reset
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
            restart(node, nodes[node].life)
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
        guard let fault = choices.randomElement(using: &random) else { return }
        tally.faults += 1
        let node = victim()
        switch fault {
        case .crash: crash(node)
        case .pause:
            nodes[node].pausedUntilUS = nowUS + .random(in: 50_000...4_000_000, using: &random)
        case .partition: partition()
        case .transfer: orderTransfer(node)
        case .wipe: wipe(node)
        case .reset: disconnect(node)
        }
    }

    /// Any node; more often than not a leader, whose faults hurt most.
    private mutating func victim() -> Int {
        let leader = nodes.firstIndex { $0.isUp && $0.raft.role == .leader }
        if let leader, random.chance(percent: 50) { return leader }
        return Int.random(in: 0..<nodes.count, using: &random)
    }

    private mutating func crash(_ node: Int) {
        guard nodes[node].isUp else { return }
        let count = nodes[node].disk.flushingCount
        nodes[node].crash(keptWriteCount: .random(in: 0...count, using: &random))
        disconnect(node)
        let downUS = UInt64.random(in: 10_000...5_000_000, using: &random)
        queue.add(.restart(node: node, life: nodes[node].life), at: nowUS + downUS)
    }

    mutating func restart(_ node: Int, _ life: UInt64) {
        guard !nodes[node].isUp, nodes[node].life == life else { return }
        do {
            try nodes[node].restart(plan.settings, seed: random.next())
            tally.restarts += 1
            scheduleTick(node)
        } catch {
            tally.complaint = "\(nodes[node].voter.node) cannot read its snapshot: \(error)"
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
        crash(node)
        let store = StoreID(UniqueID(using: &random))
        guard !nodes[node].isUp else { return }
        retired.append(nodes[node].replaceDisk(store: store))
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
