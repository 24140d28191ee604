// SPDX-License-Identifier: Apache-2.0

import Primitives

/// Decides what becomes of each message: when it arrives, how often, or never.
struct SimulatedNetwork: Sendable {
    private let nodeCount: Int
    private let plan: WorldPlan
    /// Row: from, column: to.
    private var isCut: [Bool]
    /// The latest arrival on each directed link, for networks that keep the order.
    private var latestUS: [UInt64]
    /// Off in a healed world.
    private(set) var hasFaults = false

    init(plan: WorldPlan) {
        self.plan = plan
        nodeCount = plan.voterCount
        isCut = Array(repeating: false, count: nodeCount * nodeCount)
        latestUS = Array(repeating: 0, count: nodeCount * nodeCount)
    }

    /// The arrival times of the copies of one message; empty if it is lost.
    mutating func route(
        from: Int,
        to: Int,
        nowUS: UInt64,
        using random: inout SplitMix64
    ) -> [UInt64] {
        let link = from * nodeCount + to
        if isCut[link] { return [] }
        guard hasFaults else { return [arrival(on: link, after: 500, nowUS: nowUS)] }
        if random.chance(percent: plan.lossPercent) { return [] }

        let copies = random.chance(percent: plan.duplicatePercent) ? 2 : 1
        return (0..<copies).map { _ in
            let extra = UInt64.random(in: 0...2 * plan.meanDelayUS, using: &random)
            // Now and then a message is held up far longer than the rest.
            let stall = random.chance(percent: 1) ? 20 * extra : 0
            return arrival(on: link, after: plan.minimumDelayUS + extra + stall, nowUS: nowUS)
        }
    }

    private mutating func arrival(on link: Int, after delayUS: UInt64, nowUS: UInt64) -> UInt64 {
        guard plan.isOrdered else { return nowUS + delayUS }
        latestUS[link] = max(latestUS[link], nowUS + delayUS)
        return latestUS[link]
    }

    // MARK: - Faults

    mutating func startFaults() { hasFaults = true }

    mutating func heal() {
        hasFaults = false
        reconnect()
    }

    mutating func reconnect() { isCut = Array(repeating: false, count: isCut.count) }

    mutating func cut(from: Int, to: Int) { isCut[from * nodeCount + to] = true }

    /// Cuts the links between the two sides, both ways.
    mutating func separate(_ isOnOneSide: [Bool]) {
        for from in 0..<nodeCount {
            for to in 0..<nodeCount where isOnOneSide[from] != isOnOneSide[to] {
                cut(from: from, to: to)
            }
        }
    }
}
