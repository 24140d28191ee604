// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// What one ring would have to give another: which part of all units changes its first owner.
///
/// ```
///   before   ──●──────────●────●─────────●──     each arc ends at a point, and belongs to its worker;
///   after    ──●────○─────●────○─────────●──     an arc whose worker is another one moves
/// ```
/// Exact for units, whose hashes are spread evenly: of bytes it is what is to be expected.
package struct RingDifference: Sendable {
    /// One worker's part that becomes another's.
    package struct Move: Hashable, Sendable {
        package let from: NodeID
        package let to: NodeID
        /// Hashes, of 2⁶⁴.
        package internal(set) var hashCount: UInt128
    }

    /// By giver, then taker, in the order of ids.
    package private(set) var moves: [Move] = []
    /// How many hashes each worker owned first, of 2⁶⁴.
    private var before: [NodeID: UInt128] = [:]

    /// Compares two rings; nothing moves to or from one without members.
    ///
    /// - Complexity: O((p + q) log m) for p and q points and m moves.
    package init(from before: Ring, to after: Ring) {
        guard !before.points.isEmpty, !after.points.isEmpty else { return }
        var sums: [Move: UInt128] = [:]
        var (left, right) = (0, 0)
        var last: UInt128 = 0
        // Arcs from 0 to the last possible hash; what lies behind the last point is the first one's.
        while last < Self.hashCount {
            let end = min(
                left < before.points.count ? UInt128(before.points[left]) + 1 : Self.hashCount,
                right < after.points.count ? UInt128(after.points[right]) + 1 : Self.hashCount
            )
            let giver = before.member(ofPoint: left)
            let taker = after.member(ofPoint: right)
            self.before[giver, default: 0] += end - last
            if giver != taker {
                sums[Move(from: giver, to: taker, hashCount: 0), default: 0] += end - last
            }
            last = end
            while left < before.points.count, UInt128(before.points[left]) < last { left += 1 }
            while right < after.points.count, UInt128(after.points[right]) < last { right += 1 }
        }
        moves = sums.map { Move(from: $0.key.from, to: $0.key.to, hashCount: $0.value) }
            .sorted { ($0.from, $0.to) < ($1.from, $1.to) }
    }

    /// How much of what `node` holds moves by `move`, where it holds `amount`.
    ///
    /// - Returns: Rounded to the nearest; at most `amount`.
    package func part(of amount: UInt64, in move: Move) -> UInt64 {
        guard let own = before[move.from], own > 0 else { return 0 }
        // 32 bits of precision are plenty for a forecast, and keep the product within 128 bits.
        let share = (move.hashCount << 32 + own / 2) / own
        return UInt64(min((UInt128(amount) * share + UInt128(1) << 31) >> 32, UInt128(amount)))
    }

    private static let hashCount = UInt128(1) << 64
}

extension Ring {
    /// Whose the arc is that ends at a point; behind the last one the first one's.
    fileprivate func member(ofPoint index: Int) -> NodeID {
        members[Int(pointMembers[index % points.count])].id
    }
}
