// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// Who holds what in one region at one epoch.
///
///                 point of n2
///         n1 ●────────●──────── …        each worker has many points; a unit belongs to the
///           /    ×               \       workers of the points that follow its hash clockwise
///          …     hash → n2, then …       (towards larger numbers, wrapping to 0)
///
/// A pure function of the members and nothing else: two nodes that know the same epoch agree.
///
/// Invariants:
/// 1. `members` is in the order of ids, no id twice.
/// 2. `points` never decreases; where points are equal, the smaller worker id comes first.
///
/// - Source: Karger et al., "Consistent Hashing and Random Trees", STOC 1997; Docs/placement.md.
package struct Ring: Sendable {
    /// How many owners a unit has beyond its replicas: the second and third choice of a reader.
    package static let spareOwnerCount = 2

    package let epoch: RingEpoch
    /// In the order of ids.
    package let members: [RingMember]
    /// Places of all points, never decreasing.
    let points: [UInt64]
    /// For each point the index of its worker in `members`.
    let pointMembers: [UInt32]
    /// For each member the number of its zone, counted from 0.
    private let zones: [Int]
    private let zoneCount: Int

    /// Builds the ring.
    ///
    /// - Parameters:
    ///   - epoch: Which of the region's rings this is.
    ///   - unsorted: The members in any order, no id twice.
    /// - Complexity: O(p log p) for p points; built once an epoch.
    package init(epoch: RingEpoch, members unsorted: [RingMember]) {
        let members = unsorted.sorted { $0.id < $1.id }
        for (left, right) in zip(members, members.dropFirst()) {
            precondition(left.id != right.id, "invariant 1: \(left.id) twice in epoch \(epoch)")
        }
        var placed: [(point: UInt64, member: UInt32)] = []
        for (index, member) in members.enumerated() {
            for number in 0..<member.pointCount {
                placed.append((member.point(number), UInt32(index)))
            }
        }
        placed.sort { ($0.point, $0.member) < ($1.point, $1.member) }

        let names = Self.sortedZoneNames(of: members)
        self.epoch = epoch
        self.members = members
        points = placed.map(\.point)
        pointMembers = placed.map(\.member)
        zones = members.map { names.firstIndex(of: ByteString($0.zone)) ?? names.count }
        zoneCount = names.count
    }

    /// The workers that a unit belongs to, in the order in which readers prefer them.
    ///
    /// The first is the filler. Clockwise from the first point at or behind the hash: first pass
    /// workers whose zone is not yet in the list, second pass the rest.
    /// - Parameters:
    ///   - hash: ``PlacementKey/hash``.
    ///   - count: At most this many.
    /// - Returns: The owners, fewer than `count` where the ring has fewer members.
    /// - Complexity: O(log p), plus the points walked until enough workers of enough zones were met.
    package func owners(of hash: UInt64, count: Int) -> [NodeID] {
        var selection = OwnerSelection(wanted: min(count, members.count), zoneCount: zoneCount)
        let start = Self.firstIndex(in: points, notBelow: hash)
        for step in 0..<points.count {
            if selection.isComplete { break }  // A `where` would walk the rest for nothing.
            let member = Int(pointMembers[(start + step) % points.count])
            selection.meet(member: member, zone: zones[member])
        }
        return selection.members.map { members[$0].id }
    }

    /// The owners of a unit for a mount that keeps `replicas` copies: `replicas + 2` workers.
    package func owners(of key: PlacementKey, replicas: Int) -> [NodeID] {
        owners(of: key.hash, count: replicas + Self.spareOwnerCount)
    }

    // MARK: - What operators see

    /// How much of all units each member owns first, in parts of 10,000, rounded to the nearest.
    ///
    /// In the order of `members`. Adds up to about 10,000; to 0 for an empty ring.
    package var shares: [UInt32] {
        var arcs = [UInt128](repeating: 0, count: members.count)
        for (index, member) in pointMembers.enumerated() {
            arcs[Int(member)] += arc(endingAt: index)
        }
        return arcs.map { UInt32(($0 * 10_000 + UInt128(1) << 63) >> 64) }
    }

    /// A number that differs where rings differ, for comparing two nodes' rings at a glance.
    ///
    ///     XXH64(seed 0, u64le epoch ‖ for each member by id: u64le id ‖ u64le capacity
    ///                                                        ‖ u32le zone length ‖ zone)
    package var digest: UInt64 {
        var writer = ByteWriter()
        writer.write(epoch.rawValue)
        for member in members {
            writer.write(member.id.rawValue)
            writer.write(member.capacity)
            writer.write(member.zone)
        }
        return XXH64.hash(writer.bytes)
    }

    // MARK: - Private parts

    /// How many hashes the point at `index` is the first for; the arcs of all points make 2⁶⁴.
    private func arc(endingAt index: Int) -> UInt128 {
        guard index > 0 else {
            return UInt128(points[0]) + (UInt128(1) << 64) - UInt128(points[points.count - 1])
        }
        return UInt128(points[index] - points[index - 1])
    }

    private static func sortedZoneNames(of members: [RingMember]) -> [ByteString] {
        var names: [ByteString] = []
        for name in members.map({ ByteString($0.zone) }).sorted() where names.last != name {
            names.append(name)
        }
        return names
    }

    /// The first index whose element is not below `value`; the count where there is none.
    private static func firstIndex(in sorted: [UInt64], notBelow value: UInt64) -> Int {
        var (low, high) = (0, sorted.count)
        while low < high {
            let middle = (low + high) / 2
            if sorted[middle] < value { low = middle + 1 } else { high = middle }
        }
        return low
    }
}
