// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import Primitives
import RaftCore
import Testing

/// Goal: in any cluster the plan keeps every set of voters sound, ends, and ends with the best set there is.
///
/// Method: random clusters; each step is checked, and the end against all sets of that size, weighed by a
/// reference that knows nothing of the plan's own.
@Suite(.timeLimit(.minutes(2)))
struct VoterPlanWorldTests {
    @Test(arguments: UInt64(1)...16)
    func randomClustersSettle(block: UInt64) {
        var changes = 0
        for seed in (block * 100)..<(block * 100 + 100) {
            var world = Self.world(seed: seed)
            let hasEnded = world.settle { world, step in
                guard case .change(let change) = step else { return }
                if change.voters != world.members.incoming { changes += 1 }
                Self.check(change, in: world, seed)
            }
            #expect(hasEnded, "seed \(seed): it never ends")
            Self.checkEnd(of: world, seed)
        }
        #expect(changes > 50, "these seeds tested nothing")
    }

    // MARK: - Worlds

    private static func world(seed: UInt64) -> VoterWorld {
        var random = SplitMix64(seed: seed)
        func pick(_ count: Int) -> Int { Int(random.next() % UInt64(count)) }
        let (regions, zones) = (1 + pick(4), 1 + pick(3))
        let count = 1 + pick(9)
        let places = (0..<count).map { _ in "r\(pick(regions)) z\(pick(zones))" }
        let sizes = [1, 3, 5, 7].filter { $0 <= count }
        let size = sizes[pick(sizes.count)]
        let shuffled = (1...count).map { ($0, random.next()) }.sorted { $0.1 < $1.1 }
        let voters = shuffled.prefix(size).map(\.0)
        // A quorum of the voters answers: else nobody leads.
        let dead = (1...count).filter { _ in pick(5) == 0 }
        let deadVoters = voters.filter(dead.contains).prefix((size - 1) / 2)
        let promoted = (1...count).filter { _ in pick(8) == 0 }
        return VoterWorld(
            places,
            voters: voters,
            survival: pick(2) == 0 ? .zone : .region,
            voterCount: [0, 0, 3, 5, 7][pick(5)],
            promoted: promoted,
            demoted: (1...count).filter { !promoted.contains($0) && pick(8) == 0 },
            dead: dead.filter { !voters.contains($0) } + deadVoters,
            silenceMS: pick(3) == 0 ? 10_000 : VoterPlan.patienceMS
        )
    }

    // MARK: - Each change

    private static func check(_ change: MembershipChange, in world: VoterWorld, _ seed: UInt64) {
        let (before, after) = (world.members.incoming, change.voters)
        let target = world.catalog.cluster?.targetVoterCount ?? 0
        #expect(change.expected == world.members, "seed \(seed)")
        guard before != after else { return }
        let (healthy, healthyAfter) = (
            before.count(where: world.answers), after.count(where: world.answers)
        )
        #expect(after.count % 2 == 1, "seed \(seed): \(after.count) voters")
        #expect(healthyAfter >= after.count / 2 + 1, "seed \(seed): no quorum answers")
        if after.count < before.count {
            #expect(after.count >= target, "seed \(seed): fewer than wanted")
            #expect(healthyAfter == after.count, "seed \(seed): shrunk to silent ones")
        } else {
            #expect(healthyAfter >= healthy, "seed \(seed): fewer answer than before")
            #expect(after.count <= max(before.count, target), "seed \(seed)")
        }
        for newcomer in after where !before.contains(newcomer) {
            #expect(world.members.learners.contains(newcomer), "seed \(seed): not prepared")
            #expect(world.logs.contains(newcomer.node), "seed \(seed): without a log")
            #expect(world.answers(newcomer), "seed \(seed): away")
        }
    }

    // MARK: - The end

    private static func checkEnd(of world: VoterWorld, _ seed: UInt64) {
        #expect(world.members.learners.isEmpty, "seed \(seed): somebody still learns")
        let target = world.catalog.cluster?.targetVoterCount ?? 0
        let voters = world.voters
        let isWhole = world.members.incoming.allSatisfy(world.answers)
        let free = (1...world.workers.count).filter { number in
            !voters.contains(number) && world.worker(number).isAlive
                && wish(number, in: world) != .demoted
        }
        if voters.count > target { #expect(!isWhole, "seed \(seed): too many vote") }
        if voters.count < target {
            let home = home(of: world)
            let able = free.filter { home == nil || world.worker($0).region == home }
            #expect(able.count < 2, "seed \(seed): too few vote")
        }
        guard isWhole else {
            let isLongDead = world.silenceMS >= VoterPlan.patienceMS
            #expect(!isLongDead || free.isEmpty, "seed \(seed): a dead voter was not replaced")
            return
        }
        let best = subsets(of: voters + free, count: voters.count)
            .map { cost($0, in: world) }.min { $0.lexicographicallyPrecedes($1) }
        #expect(cost(voters, in: world) == best, "seed \(seed): \(voters) is not the best")
    }

    /// Most important first: demoted, promoted, away from home, shared regions, shared zones.
    private static func cost(_ voters: [Int], in world: VoterWorld) -> [Int] {
        let home = home(of: world)
        let places = voters.map { world.worker($0) }
        var inRegion: [String: Int] = [:]
        var inZone: [String: Int] = [:]
        for place in places {
            inRegion[place.region, default: 0] += 1
            inZone["\(place.region) \(place.zone)", default: 0] += 1
        }
        return [
            voters.count { wish($0, in: world) == .demoted },
            -voters.count { wish($0, in: world) == .promoted },
            places.count { home != nil && $0.region != home },
            home == nil ? inRegion.values.reduce(0) { $0 + $1 * $1 } : 0,
            inZone.values.reduce(0) { $0 + $1 * $1 },
        ]
    }

    private static func home(of world: VoterWorld) -> String? {
        guard world.catalog.cluster?.survival == .zone else { return nil }
        var counts: [String: Int] = [:]
        for voter in world.voters { counts[world.worker(voter).region, default: 0] += 1 }
        return counts.sorted { $0.key < $1.key }.max { $0.value < $1.value }?.key
    }

    private static func wish(_ number: Int, in world: VoterWorld) -> VoteWish.Kind? {
        world.catalog.cluster?.wish(for: NodeID(UInt64(number)))
    }

    private static func subsets(of numbers: [Int], count: Int) -> [[Int]] {
        guard count > 0 else { return [[]] }
        return numbers.indices.flatMap { index in
            subsets(of: Array(numbers[(index + 1)...]), count: count - 1)
                .map { [numbers[index]] + $0 }
        }
    }
}
