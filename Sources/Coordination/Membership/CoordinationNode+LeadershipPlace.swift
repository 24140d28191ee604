// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Primitives
import RaftCore

/// From where this cluster is led, by round trips that its voters measure.
extension CoordinationNode {
    /// Takes note of where leadership is to be; a leader also of how far its voters are apart.
    func note(_ place: inout LeadershipPlace) {
        guard let driver else { return place.rest() }
        let state = driver.state
        let catalog = replica.catalog
        guard catalog.cluster?.survival == .region, !state.committedVoters.isJoint else {
            return place.rest()
        }
        let preferred = state.committedVoters.priorities
        place.saw(preferred.map { catalog.worker(id: $0.node)?.region }, atMS: settings.now())
        guard state.role == .leader else { return place.rest() }
        place.judge(distances(state.committedVoters.incoming, catalog), atMS: settings.now())
    }

    private func distances(_ voters: [Voter], _ catalog: Catalog) -> [QuorumDistance] {
        var rows: [NodeID: [NodeID: UInt64]] = [:]
        for voter in voters {
            let row =
                voter.node == membership.node
                ? ownRoundTrips : health.statusNow(of: voter.node)?.status.roundTrips ?? []
            rows[voter.node] = Dictionary(
                row.map { ($0.node, UInt64($0.milliseconds)) },
                uniquingKeysWith: min
            )
        }
        let places = voters.compactMap { voter in
            catalog.worker(id: voter.node).map { worker in
                RoundTrips.Place(
                    voter.node,
                    in: worker.region,
                    mayLead: mayLead(worker, catalog)
                )
            }
        }
        return RoundTrips(rows).distances(of: places, among: voters.map(\.node))
    }

    private func mayLead(_ worker: WorkerEntry, _ catalog: Catalog) -> Bool {
        (worker.id == membership.node || health.answersNow(worker.id))
            && ![.draining, .drained, .removed].contains(worker.state)
            && catalog.cluster?.wish(for: worker.id) != .demoted
    }

    /// What this voter has measured to the others, for them to be told; nothing where no consensus runs.
    var ownRoundTrips: [RoundTripWord] {
        guard let driver else { return [] }
        return driver.state.voters.members.compactMap { voter in
            guard voter.node != membership.node,
                let milliseconds = health.roundTripMS(of: voter.node)
            else { return nil }
            return RoundTripWord(node: voter.node, milliseconds: UInt32(clamping: milliseconds))
        }
    }
}
