// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// A disk without room, as a driver deals with it: the process stays up, the core is told, and what
/// found no room is tried again.
extension World {
    /// How often a process asks how full its disk is, and tries again what waits for room.
    private static let lookUS: UInt64 = 1_000_000

    /// Lets a disk fill up soon, for a while.
    mutating func fillDisk(of node: Int, _ random: inout SplitMix64) {
        nodes[node].disk.failSoon(.fullDisks, using: &random)
        queue.add(.room(node: node), at: faultEndUS(within: 500_000...40_000_000, &random))
        let dueUS = nowUS + .random(in: 0...Self.lookUS, using: &random)
        queue.add(.look(node: node, life: nodes[node].life), at: dueUS)
    }

    /// Looks at a disk that is or was full, and goes on looking until there is room.
    mutating func look(
        _ node: Int,
        _ life: UInt64,
        _ event: Event,
        _ observation: inout Observation
    ) {
        guard isAwake(node, life, event) else { return }
        tellSpace(node, &observation)
        abdicate(node, &observation)
        if nodes[node].isDiskFull || nodes[node].disk.isFilling {
            queue.add(event, at: nowUS + Self.lookUS)
        }
    }

    /// What found no room is tried again: at once where some was kept back, else at the next look.
    mutating func waitForRoom(_ node: Int, _ event: Event, _ observation: inout Observation) {
        tally.stuckFlushes += 1
        let hasReserve = nodes[node].disk.releaseReserve()
        queue.add(event, at: nowUS + (hasReserve ? 100 : Self.lookUS))
        tellSpace(node, &observation)
    }

    /// Tells the core whether its log has room, if that has changed.
    mutating func tellSpace(_ node: Int, _ observation: inout Observation) {
        let isFull = nodes[node].disk.isStuck || nodes[node].disk.isFull
        guard isFull != nodes[node].isDiskFull else { return }
        nodes[node].isDiskFull = isFull
        step(node, .diskSpace(isFull: isFull), &observation)
    }

    /// Hands leadership over while the leader's disk is full.
    private mutating func abdicate(_ node: Int, _ observation: inout Observation) {
        guard nodes[node].isDiskFull, nodes[node].raft.role == .leader else {
            return nodes[node].abdication = Abdication()
        }
        let me = nodes[node].voter.node
        let others = nodes[node].raft.voters.deciders.map(\.node).filter { $0 != me }
        let nowMS = nodes[node].clock.readingMS(at: nowUS)
        guard !others.isEmpty, nodes[node].abdication.isDue(nowMS, every: plan.settings.electionMS)
        else { return }
        let heir = nodes[node].abdication.nextHeir(among: others, at: nowMS)
        step(node, .transferLeadership(to: heir), &observation)
    }
}
