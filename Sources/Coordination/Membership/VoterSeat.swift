// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Primitives

/// One vote of a set, with what decides how well it stands there.
struct VoterSeat: Sendable, Hashable {
    let node: NodeID
    /// Empty where the worker is gone.
    let region: String
    let zone: String
    /// Not heard for so long that another should have its vote, or its store is gone.
    let isDead: Bool
    /// Demoted by a person, or on its way out of the cluster.
    let isUnwelcome: Bool
    let isPromoted: Bool
}

/// How far a set of voters of a given size is from the best one: part by part, less is better.
///
/// Each part is a sum over workers, or of squares over nested groups of them (zones in regions). For such
/// sums a set that no single exchange makes better is the best one there is (M-convexity: Murota,
/// "Discrete Convex Analysis", 2003, theorem 6.26), so that changing one vote at a time gets there.
struct VoterCost: Comparable, Sendable, Hashable {
    /// Most important first.
    enum Part: Int, CaseIterable {
        case dead, unwelcome, promoted, far, regions, zones
    }

    private let parts: [Int]

    /// Weighs a set of seats.
    ///
    /// - Parameters:
    ///   - seats: The votes of the set.
    ///   - home: Where all votes should be; `nil` where they should be spread over regions.
    init(_ seats: [VoterSeat], home: String?) {
        parts = Part.allCases.map { part in
            switch part {
            case .dead: seats.count(where: \.isDead)
            case .unwelcome: seats.count(where: \.isUnwelcome)
            case .promoted: -seats.count(where: \.isPromoted)
            case .far: home.map { home in seats.count { $0.region != home } } ?? 0
            case .regions: home == nil ? Self.pairs(seats) { $0.region == $1.region } : 0
            case .zones:
                Self.pairs(seats) { $0.region == $1.region && $0.zone == $1.zone }
            }
        }
    }

    subscript(part: Part) -> Int { parts[part.rawValue] }

    static func < (left: Self, right: Self) -> Bool {
        left.parts.lexicographicallyPrecedes(right.parts)
    }

    /// The sum over groups of the squares of their sizes.
    private static func pairs(
        _ seats: [VoterSeat],
        _ isSame: (VoterSeat, VoterSeat) -> Bool
    ) -> Int {
        seats.reduce(0) { sum, seat in sum + seats.count { isSame(seat, $0) } }
    }
}
