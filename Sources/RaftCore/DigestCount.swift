// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// What everybody's state was at the newest indexes, as far as a leader has been told.
///
/// Bounded: so many indexes, and one report of each member for each.
struct DigestCount: Sendable {
    /// Who held what at one index; the latest word of each counts.
    struct Point: Sendable {
        let index: LogIndex
        fileprivate(set) var reports: [(member: Voter, value: UInt64)] = []
        fileprivate(set) var verdict: StateVerdict?

        func value(of member: Voter) -> UInt64? { reports.first { $0.member == member }?.value }
    }

    /// Ascending by index.
    private(set) var points: [Point] = []

    /// Takes note of a report about an index that is not forgotten.
    mutating func add(_ digest: StateDigest, of member: Voter) {
        guard let position = place(of: digest.index) else { return }
        points[position].reports.removeAll { $0.member == member }
        points[position].reports.append((member, digest.value))
    }

    func point(at index: LogIndex) -> Point? { points.first { $0.index == index } }

    /// Judges one index anew; the verdict if it is another than before.
    ///
    /// What a majority held stays true whatever anybody says later.
    mutating func judge(_ index: LogIndex, by voters: VoterSet) -> StateVerdict? {
        guard let position = points.firstIndex(where: { $0.index == index }) else { return nil }
        let point = points[position]
        guard point.verdict?.agreed == nil,
            let verdict = voters.verdict(at: index, point.value(of:)), verdict != point.verdict
        else { return nil }
        points[position].verdict = verdict
        return verdict
    }

    /// The position of an index, made where it is new; the oldest goes for it.
    private mutating func place(of index: LogIndex) -> Int? {
        if let known = points.firstIndex(where: { $0.index == index }) { return known }
        if points.count == DigestLedger.limit {
            guard points[0].index < index else { return nil }
            points.removeFirst()
        }
        let position = points.firstIndex { $0.index > index } ?? points.endIndex
        points.insert(Point(index: index), at: position)
        return position
    }
}

extension VoterSet {
    /// What can be said of an index at which each voter holds `value(voter)`, `nil` if not known.
    ///
    /// - Returns: `nil` as long as those who have said nothing may still decide it.
    package func verdict(at index: LogIndex, _ value: (Voter) -> UInt64?) -> StateVerdict? {
        var said: [UInt64] = []
        for case let value? in deciders.map(value) where !said.contains(value) {
            said.append(value)
        }
        for candidate in said where isQuorum(where: { value($0) == candidate }) {
            return StateVerdict(index: index, agreed: candidate)
        }
        let isOpen =
            isQuorum { value($0) == nil }
            || said.contains { candidate in
                isQuorum { value($0) == nil || value($0) == candidate }
            }
        return isOpen ? nil : StateVerdict(index: index, agreed: nil)
    }
}
