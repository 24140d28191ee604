// SPDX-License-Identifier: Apache-2.0
import PlacementCore
import Primitives
import Testing

@Suite struct RingTests {
    private static func members(seed: UInt64) -> [RingMember] {
        var random = SplitMix64(seed: seed)
        let count = Int.random(in: 0...9, using: &random)
        return (0..<count).map { index in
            RingMember(
                id: NodeID(UInt64(index) * 7 + 1),
                zone: ["a", "b", "c"].randomElement(using: &random) ?? "a",
                capacity: UInt64.random(in: 0...300, using: &random) << 30
            )
        }
    }

    /// The definition, word by word: sort all points, walk twice.
    private static func modelOwners(
        _ members: [RingMember],
        _ hash: UInt64,
        _ count: Int
    ) -> [NodeID] {
        let points = members.flatMap { member in
            (0..<member.pointCount).map { (place: member.point($0), member: member) }
        }.sorted { ($0.place, $0.member.id) < ($1.place, $1.member.id) }
        let walk = points.filter { $0.place >= hash } + points.filter { $0.place < hash }
        var owners: [RingMember] = []
        for point in walk
        where owners.count < count && !owners.contains(where: { $0.zone == point.member.zone }) {
            owners.append(point.member)
        }
        for point in walk where owners.count < count && !owners.contains(point.member) {
            owners.append(point.member)
        }
        return owners.map(\.id)
    }

    /// Goal: the one-walk selection equals the two passes of DESIGN §4, for any ring.
    @Test(arguments: UInt64(1)...12) func ownersAreThoseOfTheDefinition(seed: UInt64) {
        let members = Self.members(seed: seed)
        let ring = Ring(epoch: RingEpoch(1), members: members)
        var random = SplitMix64(seed: seed)
        for _ in 0..<15 {
            let hash = random.next()
            let count = Int.random(in: 0...11, using: &random)
            let expected = Self.modelOwners(members, hash, count)
            #expect(ring.owners(of: hash, count: count) == expected, "seed \(seed)")
        }
    }

    @Test func anEmptyRingOwnsNothing() {
        let ring = Ring(epoch: .zero, members: [])
        #expect(ring.owners(of: 1, count: 3) == [])
        #expect(ring.shares == [])
    }

    @Test func oneWorkerOwnsEverything() {
        let member = RingMember(id: NodeID(3), zone: "a", capacity: 0)
        let ring = Ring(epoch: RingEpoch(1), members: [member])
        #expect(ring.owners(of: .max, count: 3) == [NodeID(3)])
        #expect(ring.shares == [10_000])
    }

    // swift-format-ignore
    @Test(arguments: [
        (UInt64(0), UInt32(64)), (64 << 30, 64), (65 << 30, 65), ((66 << 30) - 1, 65),
        (4096 << 30, 4096), (UInt64.max, 4096),
    ] as [(UInt64, UInt32)])
    func pointsFollowCapacityWithinLimits(capacity: UInt64, count: UInt32) {
        #expect(RingMember(id: NodeID(1), zone: "", capacity: capacity).pointCount == count)
    }

    /// Zones are compared by their bytes: "é" in one code point and in two are two zones.
    @Test func zonesAreBytes() {
        let members = ["\u{E9}", "e\u{301}"].enumerated().map { index, zone in
            RingMember(id: NodeID(UInt64(index) + 1), zone: zone, capacity: 0)
        }
        let both = Ring(epoch: RingEpoch(1), members: members)
        let third = RingMember(id: NodeID(3), zone: "\u{E9}", capacity: 4096 << 30)
        let ring = Ring(epoch: RingEpoch(1), members: members + [third])
        #expect(both.owners(of: 0, count: 2).count == 2)
        // Wherever the large worker comes first, the second owner is the one of the other zone.
        #expect(ring.owners(of: third.point(0), count: 2) == [NodeID(3), NodeID(2)])
    }

    /// Shares stay near capacity shares: within a quarter at 256 points each.
    @Test func sharesFollowCapacity() {
        let members = (UInt64(1)...6).map {
            RingMember(id: NodeID($0), zone: "z\($0 % 3)", capacity: 256 << 30)
        }
        let shares = Ring(epoch: RingEpoch(1), members: members).shares
        #expect(abs(Int(shares.reduce(0, +)) - 10_000) <= members.count)
        for share in shares { #expect((1250...2083).contains(share), "\(shares)") }
    }

    /// Goal: a join moves only what the new worker takes, and no unit between old workers.
    @Test func aJoinTakesAndNothingElseMoves() {
        let old = (UInt64(1)...5).map {
            RingMember(id: NodeID($0), zone: "a", capacity: 128 << 30)
        }
        let joiner = RingMember(id: NodeID(6), zone: "a", capacity: 128 << 30)
        let before = Ring(epoch: RingEpoch(1), members: old)
        let after = Ring(epoch: RingEpoch(2), members: old + [joiner])
        var random = SplitMix64(seed: 1)
        var movedCount = 0
        for _ in 0..<3000 {
            let hash = random.next()
            let (was, now) = (before.owners(of: hash, count: 1), after.owners(of: hash, count: 1))
            if was != now {
                movedCount += 1
                #expect(now == [joiner.id])
            }
        }
        #expect((300...750).contains(movedCount), "\(movedCount) of 3000, about a sixth expected")
    }

    /// Goal: a lookup looks at a handful of points, not at all of them.
    ///
    /// Method: building the ring looks at each point several times, so a lookup that looks at each
    /// point once cannot be made 500 times in the time of one build, whatever the machine.
    @Test func aLookupDoesNotWalkTheWholeRing() {
        let members = (UInt64(1)...32).map {
            RingMember(id: NodeID($0), zone: "z\($0 % 3)", capacity: 4096 << 30)
        }
        let clock = ContinuousClock()
        var ring = Ring(epoch: .zero, members: [])
        let building = clock.measure { ring = Ring(epoch: RingEpoch(1), members: members) }
        var random = SplitMix64(seed: 1)
        let lookups = clock.measure {
            for _ in 0..<500 {
                #expect(ring.owners(of: random.next(), count: 3).count == 3)
            }
        }
        #expect(lookups < building, "500 lookups \(lookups), one build \(building)")
    }
}
