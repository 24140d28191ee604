// SPDX-License-Identifier: Apache-2.0

import Primitives

/// How networks come apart.
extension World {
    private enum Partition: CaseIterable {
        case single, halves, random, bridge, star, chain, oneWay
    }

    /// Cuts some links for a while, in one of the ways that hurt.
    mutating func partition(_ random: inout SplitMix64) {
        guard nodes.count > 1 else { return }
        let untilUS = faultEndUS(within: 100_000...20_000_000, &random)
        let order = nodes.indices.shuffled(using: &random)
        let place = nodes.indices.map { node in order.firstIndex(of: node) ?? 0 }
        switch Partition.allCases.randomElement(using: &random) ?? .single {
        case .single:
            let node = victim(&random)
            network.isolate(node, untilUS: untilUS)
        case .halves:
            let half = nodes.count / 2
            keep(untilUS) { (place[$0] < half) == (place[$1] < half) }
        case .random:
            let cuts = nodes.indices.map { _ in
                nodes.indices.map { _ in random.chance(percent: 40) }
            }
            keep(untilUS) { !cuts[$0][$1] && !cuts[$1][$0] }
        case .bridge:  // Two sides that only one node can reach.
            keep(untilUS) { place[$0] == 0 || place[$1] == 0 || place[$0] % 2 == place[$1] % 2 }
        case .star: keep(untilUS) { place[$0] == 0 || place[$1] == 0 }
        case .chain: keep(untilUS) { abs(place[$0] - place[$1]) == 1 }
        case .oneWay:
            let deaf = victim(&random)
            let isMute = random.chance(percent: 50)
            keep(untilUS) { (isMute ? $0 : $1) != deaf }
        }
    }

    /// Cuts all links but those that `isKept` names, from and to.
    private mutating func keep(_ untilUS: UInt64, _ isKept: (Int, Int) -> Bool) {
        for from in nodes.indices {
            for to in nodes.indices where to != from && !isKept(from, to) {
                network.cut(from: from, to: to, untilUS: untilUS)
            }
        }
    }

    /// Holds up one link, or all from or to one node.
    mutating func clog(_ random: inout SplitMix64) {
        guard nodes.count > 1 else { return }
        let untilUS = faultEndUS(within: 50_000...5_000_000, &random)
        let node = victim(&random)
        let isAll = random.chance(percent: 50)
        let isInward = random.chance(percent: 50)
        let only = Int.random(in: 0..<nodes.count, using: &random)
        for other in nodes.indices where other != node && (isAll || other == only) {
            let (from, to) = isInward ? (other, node) : (node, other)
            network.clog(from: from, to: to, untilUS: untilUS)
        }
    }

    /// Cuts nodes off one after the other, and connects them again in another order.
    mutating func swizzle(_ random: inout SplitMix64) {
        for node in nodes.indices where random.chance(percent: 60) {
            let startUS = nowUS + .random(in: 0...3_000_000, using: &random)
            let lengthUS = UInt64.random(in: 100_000...6_000_000, using: &random)
            queue.add(.isolation(node: node, lengthUS: lengthUS), at: startUS)
        }
    }

    /// Lets entries reach a bare quorum only.
    mutating func starveMinority(_ random: inout SplitMix64) {
        let untilUS = faultEndUS(within: 100_000...10_000_000, &random)
        for node in nodes.indices.shuffled(using: &random).prefix(plan.damageLimit) {
            network.starve(node, untilUS: untilUS)
        }
    }

    /// When a fault that begins now ends; never later than all faults do.
    func faultEndUS(within range: ClosedRange<UInt64>, _ random: inout SplitMix64) -> UInt64 {
        min(nowUS + .random(in: range, using: &random), faultsEndUS)
    }
}
