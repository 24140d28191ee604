// SPDX-License-Identifier: Apache-2.0
package import CatalogCore

/// Chooses a new cluster's voters out of the fresh workers that answered.
///
/// A pure function, so that init run twice over the same answers chooses the same.
package enum VoterSelection {
    /// The largest odd number that is neither above 3 nor above the addresses known.
    package static func defaultCount(addressCount: Int) -> Int {
        addressCount >= 3 ? 3 : 1
    }

    /// `count` voters, or `nil` while too few are fit.
    ///
    /// Goal `zone`: workers of the asked worker's region, spread over its zones. Goal `region`:
    /// spread over regions first, then zones. Ties go by name.
    package static func choose(
        _ count: Int,
        from candidates: [WorkerRegistration],
        home: String,
        survival: ClusterEntry.Survival
    ) -> [WorkerRegistration]? {
        var left =
            candidates
            .filter { survival == .region || $0.region == home }
            .sorted { $0.name < $1.name }
        var chosen: [WorkerRegistration] = []
        while chosen.count < count {
            let best = left.indices.min { crowding(left[$0], chosen) < crowding(left[$1], chosen) }
            guard let best else { return nil }
            chosen.append(left.remove(at: best))
        }
        return chosen.sorted { $0.name < $1.name }
    }

    /// How many of the chosen share the region, and how many the zone: fewer is better.
    private static func crowding(
        _ candidate: WorkerRegistration,
        _ chosen: [WorkerRegistration]
    ) -> (Int, Int) {
        let neighbours = chosen.filter { $0.region == candidate.region }
        return (neighbours.count, neighbours.count { $0.zone == candidate.zone })
    }
}
