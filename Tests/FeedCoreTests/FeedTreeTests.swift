// SPDX-License-Identifier: Apache-2.0
import FeedCore
import Primitives
import Testing

@Suite(.timeLimit(.minutes(1)))
struct FeedTreeTests {
    static func node(_ number: Int) -> NodeID { NodeID(UInt64(number)) }

    /// Nodes 1, 2, … in the regions in turn; the first `voters` of them vote.
    static func tree(_ count: Int, regions: [String], voters: Int = 3) -> FeedTree {
        FeedTree(members: members(count, regions), voters: (1...voters).map(node))
    }

    static func members(_ count: Int, _ regions: [String]) -> [FeedTree.Member] {
        (1...count).map { number in
            FeedTree.Member(
                id: node(number),
                region: regions[(number - 1) % regions.count],
                mayServe: true
            )
        }
    }

    // swift-format-ignore
    static let shapes: [(what: String, count: Int, regions: [String], relays: Int, branches: Int)] = [
        ("voters alone",                          3,    ["ap"],              0, 0),
        ("three in a region need no relay",       6,    ["ap"],              0, 0),
        ("four do",                               7,    ["ap"],              3, 0),
        ("each region for itself",                12,   ["ap", "eu", "us"],  0, 0),
        ("three of each region",                  15,   ["ap", "eu", "us"],  9, 0),
        ("one layer feeds 900",                   903,  ["ap"],              3, 0),
        ("one more begins a second",              904,  ["ap"],              3, 5),
        ("which grows",                           3003, ["ap"],              3, 12),
    ]

    @Test(arguments: shapes)
    func aTreeHasAsManyLayersAsItNeeds(
        _ row: (what: String, count: Int, regions: [String], relays: Int, branches: Int)
    ) {
        let tree = Self.tree(row.count, regions: row.regions)
        let places = (1...row.count).map { tree.place(of: Self.node($0)) }
        #expect(places.count { $0 == .voter } == 3)
        #expect(places.count { $0 == .relay } == row.relays && tree.relays.count == row.relays)
        #expect(places.count { $0 == .branch } == row.branches)
        let fed = row.count - 3 - row.relays - row.branches
        #expect(fed <= FeedTree.streamsPerServer * max(row.relays, row.branches) || row.relays == 0)
    }

    @Test func everyWorkerMakesTheSameTree() {
        let members = Self.members(200, ["ap", "eu"])
        let voters = (1...3).map(Self.node)
        var random = SplitMix64(seed: 7)
        let one = FeedTree(members: members, voters: voters)
        for _ in 0..<20 {
            let other = FeedTree(
                members: members.shuffled(using: &random),
                voters: voters.shuffled(using: &random)
            )
            #expect(one == other && one.relays == other.relays)
        }
    }

    /// Goal: relays stay who they are when others come, and each that goes is replaced by one other.
    @Test func oneThatGoesMovesNobodyElse() throws {
        let members = Self.members(100, ["ap"])
        let voters = (1...3).map(Self.node)
        let before = FeedTree(members: members, voters: voters).relays
        let gone = try #require(before.first)
        for mayServe in [true, false] where !mayServe {
            let after = FeedTree(
                members: members.map {
                    FeedTree.Member(id: $0.id, region: $0.region, mayServe: $0.id != gone)
                },
                voters: voters
            ).relays
            #expect(Set(after).subtracting(before).count == 1)
            #expect(Set(before).subtracting(after) == [gone])
        }
        let removed = FeedTree(members: members.filter { $0.id != gone }, voters: voters).relays
        #expect(Set(removed).isSuperset(of: Set(before).subtracting([gone])))
    }

    @Test func whoIsOnItsWayOutServesNobody() {
        let members = (1...10).map {
            FeedTree.Member(id: Self.node($0), region: "ap", mayServe: $0 == 5 || $0 <= 3)
        }
        let tree = FeedTree(members: members, voters: (1...3).map(Self.node))
        #expect(tree.relays == [Self.node(5)])
        for number in 6...10 {
            let tiers = tree.sources(for: Self.node(number), in: "ap").tiers
            #expect(tiers.first == [Self.node(5)])
        }
    }

    /// Goal: nobody is its own source, nobody stands twice, and there is always a voter in the end.
    @Test(arguments: [4, 7, 33, 200, 950, 2000])
    func sourcesAreOthersAndEndWithTheVoters(_ count: Int) {
        let regions = ["ap", "eu", "us"]
        let tree = Self.tree(count, regions: count > 900 ? ["ap"] : regions)
        for number in 1...count {
            let region = count > 900 ? "ap" : regions[(number - 1) % 3]
            let node = Self.node(number)
            let sources = tree.sources(for: node, in: region)
            let all = Array(sources.tiers.joined())
            #expect(!all.contains(node) && Set(all).count == all.count)
            #expect(all.contains { tree.place(of: $0) == .voter })
            #expect(sources.tiers.allSatisfy { !$0.isEmpty && $0.count <= 6 })
            switch tree.place(of: node) {
            case .voter, .relay: #expect(tree.place(of: all[0]) == .voter)
            case .branch: #expect(tree.place(of: all[0]) == .relay)
            case .observer:
                let first = tree.place(of: all[0])
                if tree.isDirect(node, in: region) {
                    #expect(first == .voter)
                } else {
                    #expect(first == (count > 900 ? .branch : .relay))
                    #expect(sources.lastResort <= sources.tiers.count)
                    #expect(
                        sources.all(withLastResort: false).allSatisfy {
                            tree.place(of: $0) != .voter
                        } || sources.lastResort == sources.tiers.count
                    )
                }
            }
        }
    }

    /// Goal: the followers of a region spread evenly, and those of one relay over both others.
    @Test func followersSpreadEvenly() {
        let tree = Self.tree(903, regions: ["ap"])
        var counts: [NodeID: Int] = [:]
        var seconds: [[NodeID]: Int] = [:]
        for number in 4...903 where tree.place(of: Self.node(number)) == .observer {
            let first = tree.sources(for: Self.node(number), in: "ap").tiers[0]
            counts[first[0], default: 0] += 1
            seconds[Array(first.prefix(2)), default: 0] += 1
        }
        #expect(counts.count == 3 && counts.values.allSatisfy { (250...350).contains($0) })
        #expect(seconds.count == 6 && seconds.values.allSatisfy { (100...200).contains($0) })
    }

    static let pinned: [(follower: UInt64, servers: [UInt64])] = [
        (0, [5, 6, 4, 8, 7, 3, 2, 1]), (42, [3, 1, 7, 2, 5, 8, 4, 6]),
    ]

    /// Goal: a tree is part of no format, but releases that order differently would send followers around.
    ///
    /// Computed once with another implementation of XXH64.
    @Test(arguments: pinned)
    func theOrderIsPinned(_ row: (follower: UInt64, servers: [UInt64])) {
        let ordered = FeedTree.ordered((1...8).map(Self.node), for: NodeID(row.follower))
        #expect(ordered.map(\.rawValue) == row.servers)
    }
}
