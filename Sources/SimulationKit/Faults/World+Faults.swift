// SPDX-License-Identifier: Apache-2.0

import LogStorage
import Primitives
import RaftCore

/// What goes wrong, and how it ends.
extension World {
    /// Begins the faults that the plan has, until `endUS`.
    mutating func startFaults(untilUS endUS: UInt64) {
        faultsAreOn = true
        faultsEndUS = endUS
        network.startFaults()
        schedule = FaultSchedule.faults(of: plan, lengthUS: endUS - nowUS)
        for (place, fault) in schedule.enumerated() {
            queue.add(.fault(place), at: nowUS + fault.timeUS)
        }
    }

    /// Ends all faults: everybody up, awake and connected.
    mutating func heal() {
        faultsAreOn = false
        healedAt = chronicle.last.index
        network.heal()
        for node in nodes.indices {
            nodes[node].disk.repair()
            queue.add(.restart(node: node, life: nodes[node].life), at: nowUS)
        }
    }

    mutating func inject(_ place: Int) {
        guard faultsAreOn else { return }
        let fault = schedule[place]
        var random = SplitMix64(seed: fault.seed)
        tally.faults += 1
        injected.append(fault.number)
        if plan.sabotage == .lyingSyncs(fromFault: fault.number) {
            for node in nodes { node.disk.lie() }
        }
        narrate("fault \(fault.number): \(fault.kind.name)")
        switch fault.kind {
        case .powerLoss: crash(victim(&random), .power)
        case .processEnds: crash(victim(&random), .process)
        case .pauses: pause(victim(&random), &random)
        case .suspensions: suspend(victim(&random), &random)
        case .clockJumps:
            nodes[victim(&random)].clock.leap(byMS: .random(in: 100...60_000, using: &random))
        case .partitions: partition(&random)
        case .clogs: clog(&random)
        case .swizzles: swizzle(&random)
        case .minimalQuorums: starveMinority(&random)
        case .resets: disconnect(victim(&random))
        case .transfers: orderTransfer(&random)
        case .memberChanges: changeMembers(&random)
        case .memoryFlips: flipMemory(of: victim(&random))
        case .fullDisks: fillDisk(of: victim(&random), &random)
        case .syncErrors, .writeErrors:
            nodes[victim(&random)].disk.failSoon(fault.kind, using: &random)
        case .readErrors:  // The log is read by starts alone.
            let node = victim(&random)
            crash(node, .process)
            nodes[node].disk.failSoon(.readErrors, using: &random)
        case .rot, .staleSectors, .misdirection, .lostFiles, .lostHardStates:
            damage(victim(&random), fault.kind, &random)
        case .lostDisks: loseDisk(of: victim(&random))
        case .loss, .duplicates, .replays, .reordering, .holdUps, .wideArea, .recoveryCuts,
            .persistPauses, .slowDisks, .stalls, .clockSkew, .tinySegments, .tinyWindows,
            .earlySnapshots, .slowApply:
            preconditionFailure("\(fault.kind) is always there, not a single fault")
        }
    }

    /// Any node; more often than not a leader, whose faults hurt most.
    func victim(_ random: inout SplitMix64) -> Int {
        let any = Int.random(in: 0..<nodes.count, using: &random)
        let isForLeader = random.chance(percent: 50)
        let leader = nodes.firstIndex { $0.isUp && $0.raft.role == .leader }
        return isForLeader ? leader ?? any : any
    }

    // MARK: - Processes

    mutating func crash(_ node: Int, _ crash: SimulatedDisk.Crash) {
        guard nodes[node].isUp else { return }
        narrate("\(nodes[node].voter.node) ends: \(crash)")
        if let refusal = nodes[node].disk.crash(crash, using: &random) { complain(node, refusal) }
        noteEndOfFlip(node)
        nodes[node].crash()
        disconnect(node)
        startLater(node)
    }

    private mutating func startLater(_ node: Int) {
        let isLong = random.chance(percent: 10)
        let downUS = UInt64.random(in: 10_000...(isLong ? 60_000_000 : 5_000_000), using: &random)
        let startUS = faultsAreOn ? min(nowUS + downUS, faultsEndUS) : nowUS + 10_000
        queue.add(.restart(node: node, life: nodes[node].life), at: startUS)
    }

    /// Starts a node from what its disk holds; now and then the start is cut off as well.
    mutating func restart(_ node: Int, _ life: UInt64, _ observation: inout Observation) {
        guard !nodes[node].isUp, !nodes[node].isGone, nodes[node].life == life else { return }
        let disk = nodes[node].disk
        if faultsAreOn, plan.has(.recoveryCuts), random.chance(percent: 20) {
            disk.failSoon(.writeErrors, using: &random)
        }
        guard let crash = disk.lastCrash else { return }
        let wasDamaged = disk.isDamaged
        do {
            let recovered = try disk.open()
            try nodes[node].restart(recovered, plan.settings, seed: random.next())
            observation.node = node
            observation.restarts.append(
                .init(
                    crash: crash,
                    wasDamaged: wasDamaged,
                    found: LogContent(recovered),
                    durable: disk.durable
                )
            )
            tally.restarts += 1
            narrate("\(nodes[node].voter.node) starts with \(LogContent(recovered).summary)")
            scheduleTick(node)
            if disk.isFilling { queue.add(.look(node: node, life: nodes[node].life), at: nowUS) }
        } catch let error as LogStorageError where error.isFault && disk.isFaulty {
            tally.failedStarts += 1
            disk.crash(random.chance(percent: 50) ? .power : .process, using: &random)
            startLater(node)
        } catch let error as LogStorageError where error.isRefusal && disk.isDamaged {
            tally.refusedStarts += 1
            narrate("\(nodes[node].voter.node) refuses to start: \(error)")
            replaceDisk(of: node)
            if nodes[node].isGone { return }
            startLater(node)
        } catch {
            tally.complaint = "\(nodes[node].voter.node) cannot start: \(error)"
        }
    }

    private mutating func pause(_ node: Int, _ random: inout SplitMix64) {
        nodes[node].pausedUntilUS = faultEndUS(within: 50_000...10_000_000, &random)
    }

    private mutating func suspend(_ node: Int, _ random: inout SplitMix64) {
        guard nodes[node].pausedUntilUS <= nowUS else { return }
        pause(node, &random)
        nodes[node].clock.sleep(forUS: nodes[node].pausedUntilUS - nowUS)
    }

    /// Its peers notice, a little later each, that the connection is gone.
    mutating func disconnect(_ node: Int) {
        for peer in nodes.indices where peer != node {
            let delayUS = UInt64.random(in: 100...20_000, using: &random)
            queue.add(
                .disconnected(node: peer, life: nodes[peer].life, peer: nodes[node].voter.node),
                at: nowUS + delayUS
            )
        }
    }

    private mutating func orderTransfer(_ random: inout SplitMix64) {
        let node = victim(&random)
        let target = random.chance(percent: 50) ? nodes.randomElement(using: &random) : nil
        queue.add(
            .transferOrder(node: node, life: nodes[node].life, to: target?.voter.node),
            at: nowUS
        )
    }
}
