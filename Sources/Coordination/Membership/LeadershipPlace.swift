// SPDX-License-Identifier: Apache-2.0
import Primitives

/// From which region a cluster is to be led, as one voter has seen it.
///
/// ```
///   the votes' priorities name a region ─▶ another is nearer to a quorum, by a fifth and 5 ms at least
///                                       ─▶ it is the nearest for a minute, without a break
///                                       ─▶ the last move is ten minutes ago ─▶ it is wanted
/// ```
/// Every voter takes note of moves, so that who leads next does not forget the last one; only a leader
/// judges. A region from which no quorum is in sight is farther than any other.
package struct LeadershipPlace: Sendable {
    /// A nearer region must be so much nearer, in milliseconds, and in hundredths of the way now.
    private static let leastGainMS: UInt64 = 5
    private static let leastGainPercent: UInt64 = 20
    /// For how long it must be the nearest, and how long a move is followed by none; milliseconds.
    package static let evidenceMS: UInt64 = 60_000
    package static let pauseMS: UInt64 = 600_000

    /// The region whose voters have priority; `nil` where none have.
    package private(set) var region: String?
    private var movedAtMS: UInt64?
    /// What is nearer enough, and since when.
    private var better: (region: String, sinceMS: UInt64)?
    private var distances: [QuorumDistance] = []
    private var judgedAtMS: UInt64 = 0

    /// Has seen nothing yet.
    package init() {}

    /// Takes note of where the voters with priority are, on the clock of this voter.
    ///
    /// `places` are their regions, in their order; `nil` for one who is no worker any more. That one says
    /// nothing: the first of the others counts, and where there is none all stays as it is.
    package mutating func saw(_ places: [String?], atMS now: UInt64) {
        let region = places.lazy.compactMap(\.self).first
        guard region != nil || places.isEmpty else { return }
        defer { self.region = region }
        guard let before = self.region, region != before else { return }
        movedAtMS = now
        better = nil
    }

    /// Takes note of what is measured now; asked again and again by who leads.
    package mutating func judge(_ distances: [QuorumDistance], atMS now: UInt64) {
        self.distances = distances
        judgedAtMS = now
        guard let nearest = distances.first, let region, isNearer(nearest.region, than: region)
        else {
            better = nil
            return
        }
        // Two that are as near as each other may take turns at being the nearest.
        if let held = better?.region, isNearer(held, than: region),
            !isNearer(nearest.region, than: held)
        {
            return
        }
        better = (nearest.region, now)
    }

    /// Forgets what was measured: this voter does not lead any more.
    package mutating func rest() { (better, distances) = (nil, []) }

    /// The region whose voters should have priority; `nil` where nothing is said yet.
    package var wanted: String? {
        guard let better, remainingMS(better.sinceMS) == 0 else { return region }
        return better.region
    }

    /// Why it is led from where it is, or is to be; `nil` before anything is measured.
    package var reason: String? {
        guard let region, !distances.isEmpty else { return nil }
        let ways = distances.map { "\($0.region) \($0.milliseconds) ms" }.joined(separator: ", ")
        let fact = "from \(region); to a quorum it is \(ways)"
        guard let better else { return fact }
        let seconds = (remainingMS(better.sinceMS) + 999) / 1_000
        return fact + "; \(better.region) takes over"
            + (seconds == 0
                ? " now" : " in \(Timespan(milliseconds: seconds * 1_000)) if that lasts")
    }

    /// Whether a quorum is nearer from one region than from another, by so much that it matters.
    private func isNearer(_ region: String, than other: String) -> Bool {
        guard let near = milliseconds(from: region) else { return false }
        guard let far = milliseconds(from: other) else { return true }
        return near + max(Self.leastGainMS, far * Self.leastGainPercent / 100) <= far
    }

    private func milliseconds(from region: String) -> UInt64? {
        distances.first { $0.region == region }?.milliseconds
    }

    private func remainingMS(_ sinceMS: UInt64) -> UInt64 {
        let due = max(sinceMS + Self.evidenceMS, movedAtMS.map { $0 + Self.pauseMS } ?? 0)
        return due - min(due, judgedAtMS)
    }
}
