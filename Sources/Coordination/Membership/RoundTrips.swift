// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// How far the voters are from each other, as they measured it themselves.
package struct RoundTrips: Sendable {
    /// A voter, and where it stands.
    package struct Place: Sendable, Equatable {
        package let node: NodeID
        package let region: String
        /// Whether it could lead: it answers, and nobody wants it to go.
        package let mayLead: Bool

        package init(_ node: NodeID, in region: String, mayLead: Bool = true) {
            self.node = node
            self.region = region
            self.mayLead = mayLead
        }
    }

    /// What each says of the others, in milliseconds.
    private let rows: [NodeID: [NodeID: UInt64]]

    package init(_ rows: [NodeID: [NodeID: UInt64]]) { self.rows = rows }

    /// How soon a leader in each region would have its quorum, nearest first, of equals by name.
    ///
    /// Regions of which that cannot be said are left out. `places` are those of the voters that are known;
    /// `voters` are all whose votes count, those of workers that are gone, too: a quorum is one of them all.
    package func distances(of places: [Place], among voters: [NodeID]) -> [QuorumDistance] {
        var least: [String: UInt64] = [:]
        for place in places where place.mayLead {
            guard let away = quorumMS(from: place.node, among: voters) else { continue }
            least[place.region] = min(least[place.region] ?? .max, away)
        }
        return least.map { QuorumDistance(region: $0.key, milliseconds: $0.value) }
            .sorted { ($0.milliseconds, $0.region) < ($1.milliseconds, $1.region) }
    }

    /// The round trip to the last of those whom a leader at `node` would have to hear from; `nil` if too
    /// few are known.
    private func quorumMS(from node: NodeID, among voters: [NodeID]) -> UInt64? {
        let needed = voters.count / 2
        guard needed > 0 else { return 0 }
        let known = voters.filter { $0 != node }.compactMap { between(node, $0) }.sorted()
        return known.count >= needed ? known[needed - 1] : nil
    }

    /// The shorter of what both ends say: either may have been busy.
    private func between(_ one: NodeID, _ other: NodeID) -> UInt64? {
        let words = [rows[one]?[other], rows[other]?[one]].compactMap(\.self)
        return words.min()
    }
}

/// How soon a leader in a region would have its quorum.
package struct QuorumDistance: Sendable, Equatable {
    package let region: String
    package let milliseconds: UInt64

    package init(region: String, milliseconds: UInt64) {
        self.region = region
        self.milliseconds = milliseconds
    }
}
