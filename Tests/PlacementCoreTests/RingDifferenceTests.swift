// SPDX-License-Identifier: Apache-2.0
import PlacementCore
import Primitives
import Testing

struct RingDifferenceTests {
    private static func ring(_ capacities: [UInt64: UInt64]) -> Ring {
        let members = capacities.sorted { $0.key < $1.key }.map { id, gibibytes in
            RingMember(id: NodeID(id), zone: "z\(id % 3)", capacity: gibibytes << 30)
        }
        return Ring(epoch: RingEpoch(1), members: members)
    }

    // swift-format-ignore
    static let changes: [(before: [UInt64: UInt64], after: [UInt64: UInt64])] = [
        ([1: 100, 2: 100, 3: 100],         [1: 100, 2: 100, 3: 100, 4: 100]),
        ([1: 100, 2: 100, 3: 100, 4: 100], [1: 100, 2: 100, 3: 100]),
        ([1: 100, 2: 200, 3: 300],         [1: 100, 2: 400, 3: 300]),
        ([1: 100, 2: 100],                 [3: 100, 4: 100]),
        ([1: 64],                          [1: 64]),
    ]

    /// Goal: each move is the part of random hashes whose first owner changes so.
    @Test(arguments: changes)
    func movesAreThoseOfRandomUnits(_ row: (before: [UInt64: UInt64], after: [UInt64: UInt64])) {
        let (before, after) = (Self.ring(row.before), Self.ring(row.after))
        let difference = RingDifference(from: before, to: after)
        var random = SplitMix64(seed: 7)
        var counts: [[NodeID]: Double] = [:]
        let sampleCount = 20_000
        for _ in 0..<sampleCount {
            let hash = random.next()
            let pair = [before, after].flatMap { $0.owners(of: hash, count: 1) }
            if pair[0] != pair[1] { counts[pair, default: 0] += 1 }
        }
        #expect(difference.moves.count == counts.count)
        for move in difference.moves {
            let expected = (counts[[move.from, move.to]] ?? 0) / Double(sampleCount)
            let found = Double(move.hashCount) / 18_446_744_073_709_551_616
            #expect(abs(found - expected) < 0.015, "\(move.from) to \(move.to)")
        }
    }

    /// Goal: who leaves gives everything; who stays as it was gets and gives only what it must.
    @Test func whatALeaverHoldsIsGivenWhole() {
        let before = Self.ring([1: 100, 2: 100, 3: 100])
        let difference = RingDifference(from: before, to: Self.ring([1: 100, 2: 100]))
        #expect(difference.moves.allSatisfy { $0.from == NodeID(3) })
        let parts = difference.moves.map { difference.part(of: 1_000_000, in: $0) }
        #expect((999_998...1_000_002).contains(parts.reduce(0, +)), "\(parts)")
    }

    @Test func nothingMovesToOrFromNobody() {
        let ring = Self.ring([1: 100, 2: 100])
        #expect(RingDifference(from: ring, to: Self.ring([:])).moves.isEmpty)
        #expect(RingDifference(from: Self.ring([:]), to: ring).moves.isEmpty)
        #expect(RingDifference(from: ring, to: ring).moves.isEmpty)
    }
}
