// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// Who feeds whom: a function of who is a member and who votes, and of nothing else.
///
/// ```
///   voters ──▶ relays, 3 a region ──▶ observers                          up to 900 in a region
///                               └───▶ branches, 1 for 300 ──▶ observers  beyond
/// ```
///
/// Workers without a vote are ranked in their region by a hash of their id: the first three are its
/// relays, so every worker names the same ones without asking anybody, and one that comes or goes moves
/// nobody else. Where three or fewer have no vote, each is fed by a voter: relays would save nothing.
///
/// A tree is an opinion like any other: two workers that know different members differ about it for a
/// moment, and a dead relay stays one until it is removed. So a follower has a list of sources in tiers
/// (``sources(for:in:)``), and what keeps it from following itself is the path in each beacon, not the tree.
package struct FeedTree: Sendable, Equatable {
    /// A worker as far as the tree is concerned.
    package struct Member: Sendable, Hashable {
        package let id: NodeID
        package let region: String
        /// Whether others may be sent to it: it is active, neither joining nor on its way out.
        package let mayServe: Bool

        package init(id: NodeID, region: String, mayServe: Bool) {
            self.id = id
            self.region = region
            self.mayServe = mayServe
        }
    }

    package enum Place: Sendable, Hashable {
        case voter
        case relay
        /// Of the second layer: fed by a relay, feeds observers.
        case branch
        case observer
    }

    private struct Region: Sendable, Equatable {
        var voters: [NodeID] = []
        /// Who has no vote and may serve, best rank first.
        var ranked: [NodeID] = []
        /// Everybody without a vote.
        var followerCount = 0
        var relayCount = 0
        var branchCount = 0

        var relays: ArraySlice<NodeID> { ranked.prefix(relayCount) }
        var branches: ArraySlice<NodeID> { ranked[relayCount...].prefix(branchCount) }
        /// Who serves next where no relay does.
        var standbys: ArraySlice<NodeID> { ranked[relayCount...].prefix(FeedTree.relaysPerRegion) }
    }

    /// Relays of a region at most.
    package static let relaysPerRegion = 3
    /// Workers that one server feeds at most.
    package static let streamsPerServer = 300
    /// Sources in one tier at most.
    private static let widestTier = 6

    private var regions: [String: Region] = [:]
    private var places: [NodeID: Place] = [:]
    private let voters: [NodeID]
    /// The relays of all regions, region by region in the order of their names.
    package private(set) var relays: [NodeID] = []

    /// The tree of these members; the order in which they are given does not matter.
    package init(members: [Member], voters: [NodeID]) {
        self.voters = voters.sorted()
        let voting = Set(voters)
        for member in members {
            var region = regions.removeValue(forKey: member.region) ?? Region()
            if voting.contains(member.id) {
                region.voters.append(member.id)
            } else {
                region.followerCount += 1
                if member.mayServe { region.ranked.append(member.id) }
            }
            regions[member.region] = region
        }
        let names = Set(members.map(\.region)).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
        for name in names { plan(name) }
        for voter in voters { places[voter] = .voter }
    }

    private mutating func plan(_ name: String) {
        guard var region = regions[name] else { return }
        region.ranked = Self.ordered(region.ranked, for: NodeID(0))
        if region.followerCount > Self.relaysPerRegion {
            region.relayCount = min(Self.relaysPerRegion, region.ranked.count)
        }
        if region.followerCount > Self.relaysPerRegion * Self.streamsPerServer {
            // One more than they need, so that the others can take in what one that dies has fed.
            let wanted = region.followerCount / Self.streamsPerServer + 2
            region.branchCount = min(wanted, region.ranked.count - region.relayCount)
        }
        region.voters = region.voters.sorted()
        for relay in region.relays { places[relay] = .relay }
        for branch in region.branches { places[branch] = .branch }
        relays += region.relays
        regions[name] = region
    }

    // MARK: - Questions

    /// What a worker is in the tree; who is not known to it observes.
    package func place(of node: NodeID) -> Place { places[node] ?? .observer }

    /// Whether the voters are to feed this worker themselves.
    package func isDirect(_ node: NodeID, in region: String) -> Bool {
        switch place(of: node) {
        case .voter, .relay: true
        case .branch: false
        case .observer: (regions[region]?.relayCount ?? 0) == 0
        }
    }

    /// From whom a worker of this region may be fed: whom it prefers first, tier by tier.
    ///
    /// The voters are the last resort of those whom relays should feed, but for the ones that serve next
    /// where no relay does. Within a tier in the order of a hash of both ids, so that followers spread over it evenly and
    /// those of one that dies over all the others.
    package func sources(for node: NodeID, in name: String) -> FeedSources {
        let tiers = tiers(for: node, in: name)
        let isPatient =
            place(of: node) == .observer && !isDirect(node, in: name)
            && regions[name]?.standbys.contains(node) == false
        let voting = isPatient ? tiers.firstIndex { $0.contains { place(of: $0) == .voter } } : nil
        return FeedSources(tiers: tiers, lastResort: voting ?? tiers.count)
    }

    private func tiers(for node: NodeID, in name: String) -> [[NodeID]] {
        let region = regions[name] ?? Region()
        let here = region.voters
        let elsewhere = voters.filter { !here.contains($0) }
        let tiers: [[NodeID]] =
            switch place(of: node) {
            case .voter: [here, elsewhere]
            case .relay: [here, elsewhere, Array(region.relays)]
            case .branch: [Array(region.relays), Array(region.standbys), here, elsewhere]
            case .observer where isDirect(node, in: name): [here, elsewhere, region.ranked]
            case .observer:
                [
                    Array(region.branches), Array(region.relays), Array(region.standbys), here,
                    elsewhere,
                ]
            }
        var seen: Set<NodeID> = [node]
        return tiers.map { tier in
            let ordered = Self.ordered(tier.filter { !seen.contains($0) }, for: node)
            let kept = Array(ordered.prefix(Self.widestTier))
            seen.formUnion(kept)
            return kept
        }.filter { !$0.isEmpty }
    }

    // MARK: - Hashing

    /// Best first, by rendezvous hashing (Thaler, Ravishankar 1998).
    package static func ordered(_ servers: [NodeID], for follower: NodeID) -> [NodeID] {
        servers.map { (weight: weight(of: $0, for: follower), server: $0) }
            .sorted { ($0.weight, $0.server) > ($1.weight, $1.server) }
            .map(\.server)
    }

    private static func weight(of server: NodeID, for follower: NodeID) -> UInt64 {
        var writer = ByteWriter(reservingCapacity: 16)
        writer.write(follower.rawValue)
        writer.write(server.rawValue)
        return XXH64.hash(writer.bytes)
    }
}

/// From whom one worker may be fed.
package struct FeedSources: Sendable, Equatable {
    /// Whom it prefers first.
    package let tiers: [[NodeID]]
    /// The first tier that is tried only where nobody before it answers for a while.
    package let lastResort: Int

    package init(tiers: [[NodeID]] = [], lastResort: Int = .max) {
        self.tiers = tiers
        self.lastResort = lastResort
    }

    /// Its tier; behind the last one for somebody else.
    package func tier(of node: NodeID) -> Int {
        tiers.firstIndex { $0.contains(node) } ?? tiers.count
    }

    /// All of them, the best first; without those of the last resort unless they are wanted.
    package func all(withLastResort isWanted: Bool) -> [NodeID] {
        Array(tiers.prefix(isWanted ? tiers.count : lastResort).joined())
    }
}
