// SPDX-License-Identifier: Apache-2.0
import Primitives

/// The members that exist and what is believed of each, by place in the order of their ids.
///
/// One array a fact: a world of thousands of members holds each as often, and the ids are shared.
struct MemberTable: Sendable {
    /// What one member said of itself last.
    struct Opinion: Sendable {
        var load: UInt16 = 0
        var fill: UInt16 = 0
        /// Of the facts it came in; 0 before any.
        var version: UInt32 = 0
    }

    private(set) var nodes: [NodeID] = []
    /// Place of the region among the regions, by member.
    private(set) var regionOf: [UInt16] = []
    /// The regions that members are of, in the order of their hashes.
    private(set) var regions: [UInt64] = []
    private(set) var floors: [UInt64] = []
    private var states: [MemberState] = []
    private var incarnations: [UInt64] = []
    var opinions: [Opinion] = []

    init() {}

    /// The members anew; of those that stay everything is kept.
    init(_ members: [GossipMember], keeping old: MemberTable) {
        let members = Self.sorted(members)
        nodes = members.map(\.node)
        regions = Self.distinct(members.map(\.region))
        floors = members.map(\.firstIncarnation)
        incarnations = floors
        states = Array(repeating: .alive, count: members.count)
        opinions = Array(repeating: Opinion(), count: members.count)
        for (slot, member) in members.enumerated() {
            let region = regions.firstIndex(of: member.region) ?? 0
            regionOf.append(UInt16(truncatingIfNeeded: region))
            guard let before = old.slot(of: member.node) else { continue }
            let claim = old.claim(of: before)
            guard claim.incarnation >= member.firstIncarnation else { continue }
            set(claim, of: slot)
            opinions[slot] = old.opinions[before]
        }
    }

    private static func sorted(_ members: [GossipMember]) -> [GossipMember] {
        let isSorted = zip(members, members.dropFirst()).allSatisfy { $0.node < $1.node }
        guard !isSorted else { return members }
        var distinct: [GossipMember] = []
        for member in members.sorted(by: { $0.node < $1.node })
        where distinct.last?.node != member.node {
            distinct.append(member)
        }
        return distinct
    }

    private static func distinct(_ regions: [UInt64]) -> [UInt64] {
        var distinct: [UInt64] = []
        for region in regions.sorted() where distinct.last != region { distinct.append(region) }
        return distinct
    }

    var count: Int { nodes.count }

    /// Where a member is; `nil` for whoever does not exist.
    ///
    /// O(log n).
    func slot(of node: NodeID) -> Int? {
        var (low, high) = (0, nodes.count)
        while low < high {
            let middle = (low + high) / 2
            if nodes[middle] < node { low = middle + 1 } else { high = middle }
        }
        return low < nodes.count && nodes[low] == node ? low : nil
    }

    func state(of slot: Int) -> MemberState { states[slot] }

    func claim(of slot: Int) -> GossipClaim {
        GossipClaim(states[slot], in: incarnations[slot])
    }

    /// Believes a claim; what was said in an earlier incarnation is not compared with what comes.
    mutating func set(_ claim: GossipClaim, of slot: Int) {
        if claim.incarnation != incarnations[slot] { opinions[slot].version = 0 }
        states[slot] = claim.state
        incarnations[slot] = claim.incarnation
    }

    /// Whether anything was heard that the catalog alone does not say.
    func isNews(_ slot: Int) -> Bool {
        states[slot] != .alive || incarnations[slot] > floors[slot]
    }
}
