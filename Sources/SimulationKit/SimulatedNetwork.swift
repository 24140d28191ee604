// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// Decides what becomes of each message: when it arrives, how often, or never.
struct SimulatedNetwork: Sendable {
    /// A message on its way, or seen on its way earlier.
    struct Parcel: Sendable {
        let letter: Letter
        let from: Voter
        let to: Int
    }

    /// One direction between two nodes.
    private struct Link: Sendable {
        /// Messages sent before this are lost.
        var cutUntilUS: UInt64 = 0
        /// Messages sent before this arrive then at the earliest.
        var cloggedUntilUS: UInt64 = 0
        /// Entries sent before this are lost.
        var starvedUntilUS: UInt64 = 0
        /// The latest arrival, for links that keep the order.
        var latestUS: UInt64 = 0
    }

    private let nodeCount: Int
    private let plan: WorldPlan
    /// Row: from, column: to.
    private var links: [Link]
    /// Messages that may come once more, oldest overwritten first.
    private var seen: [(parcel: Parcel, timeUS: UInt64)] = []
    private var oldest = 0
    /// Off in a healed world.
    private(set) var hasFaults = false

    private static let seenLimit = 256
    private static let replayAgeUS: UInt64 = 60_000_000
    /// Between healthy machines in one place.
    private static let healthyDelayUS: UInt64 = 500

    init(plan: WorldPlan) {
        self.plan = plan
        nodeCount = plan.nodeLimit
        links = Array(repeating: Link(), count: nodeCount * nodeCount)
    }

    /// When the copies of one message arrive, the second mostly never; neither if it is lost.
    mutating func route(
        _ parcel: Parcel,
        from: Int,
        isAppend: Bool,
        nowUS: UInt64,
        using random: inout SplitMix64
    ) -> (first: UInt64?, second: UInt64?) {
        let link = from * nodeCount + parcel.to
        guard hasFaults else {
            return (arrival(on: link, after: Self.healthyDelayUS, nowUS: nowUS), nil)
        }
        if links[link].cutUntilUS > nowUS { return (nil, nil) }
        if isAppend, links[link].starvedUntilUS > nowUS { return (nil, nil) }
        if plan.has(.replays) { remember(parcel, nowUS: nowUS) }
        if plan.has(.loss), random.chance(percent: plan.lossPercent) { return (nil, nil) }

        let isTwice = plan.has(.duplicates) && random.chance(percent: plan.duplicatePercent)
        let first = arrival(on: link, after: delayUS(using: &random), nowUS: nowUS)
        guard isTwice else { return (first, nil) }
        return (first, arrival(on: link, after: delayUS(using: &random), nowUS: nowUS))
    }

    private func delayUS(using random: inout SplitMix64) -> UInt64 {
        let extra = UInt64.random(in: 0...2 * plan.meanDelayUS, using: &random)
        // Now and then a message is held up far longer than the rest.
        let isHeldUp = plan.has(.holdUps) && random.chance(percent: 1)
        return plan.leastDelayUS + extra + (isHeldUp ? 20 * extra : 0)
    }

    private mutating func arrival(on link: Int, after delayUS: UInt64, nowUS: UInt64) -> UInt64 {
        let earliest = max(nowUS + delayUS, links[link].cloggedUntilUS)
        guard !plan.has(.reordering) else { return earliest }
        links[link].latestUS = max(links[link].latestUS, earliest)
        return links[link].latestUS
    }

    // MARK: - Replays

    private mutating func remember(_ parcel: Parcel, nowUS: UInt64) {
        if seen.count < Self.seenLimit {
            seen.append((parcel, nowUS))
        } else {
            seen[oldest] = (parcel, nowUS)
            oldest = (oldest + 1) % Self.seenLimit
        }
    }

    /// Now and then a message of the last minute, to arrive once more.
    func replay(nowUS: UInt64, using random: inout SplitMix64) -> Parcel? {
        guard hasFaults, plan.has(.replays), random.chance(percent: plan.replayPercent),
            let old = seen.randomElement(using: &random), nowUS - old.timeUS <= Self.replayAgeUS
        else { return nil }
        return old.parcel
    }

    // MARK: - Faults

    mutating func startFaults() { hasFaults = true }

    /// Ends all faults; what is on its way still arrives.
    mutating func heal() {
        hasFaults = false
        for link in links.indices {
            links[link].cutUntilUS = 0
            links[link].cloggedUntilUS = 0
            links[link].starvedUntilUS = 0
        }
        seen = []
    }

    /// Loses everything sent from one node to another until then.
    mutating func cut(from: Int, to: Int, untilUS: UInt64) {
        let link = from * nodeCount + to
        links[link].cutUntilUS = max(links[link].cutUntilUS, untilUS)
    }

    /// Cuts a node off, both ways.
    mutating func isolate(_ node: Int, untilUS: UInt64) {
        for other in 0..<nodeCount where other != node {
            cut(from: node, to: other, untilUS: untilUS)
            cut(from: other, to: node, untilUS: untilUS)
        }
    }

    /// Lets nothing through until then, and then all of it.
    mutating func clog(from: Int, to: Int, untilUS: UInt64) {
        links[from * nodeCount + to].cloggedUntilUS = untilUS
    }

    /// Loses entries, and nothing else, on the way to a node.
    mutating func starve(_ node: Int, untilUS: UInt64) {
        for other in 0..<nodeCount {
            links[other * nodeCount + node].starvedUntilUS = untilUS
        }
    }
}
