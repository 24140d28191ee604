// SPDX-License-Identifier: Apache-2.0
package import APIModel
package import CatalogCore
package import Coordination
import Primitives

extension ClusterDocument {
    /// The cluster as this worker sees it; needs no quorum.
    package init(_ cluster: ClusterEntry, catalog: Catalog, status: CoordinationStatus) {
        let voters = Set((status.voters + status.learners).map(\.node))
        let observers = catalog.workers.count { worker in
            worker.state != .removed && !voters.contains(worker.id)
        }
        self.init(
            cluster: "\(cluster.id)",
            generation: cluster.generation,
            revision: catalog.revision.rawValue,
            term: status.term.rawValue,
            leader: status.leader,
            quorum: QuorumDocument(have: status.quorumHave, need: status.quorumNeed),
            voters: status.voters.map(VoterDocument.init),
            learners: status.learners.map(VoterDocument.init),
            observers: observers,
            regions: Dictionary(
                catalog.rings.map { ($0.region, RegionSummaryDocument($0)) },
                uniquingKeysWith: { first, _ in first }
            ),
            alarms: status.alarms.map { AlarmDocument(kind: $0.kind, detail: $0.detail) }
        )
    }
}

extension VoterDocument {
    fileprivate init(_ voter: CoordinationStatus.VoterStatus) {
        self.init(
            name: voter.name,
            region: voter.region,
            zone: voter.zone,
            reachable: voter.isReachable,
            trailsLeaderBy: voter.trailsLeaderBy
        )
    }
}

extension RegionSummaryDocument {
    fileprivate init(_ ring: RingEntry) {
        self.init(
            epoch: ring.epoch.rawValue,
            settled: ring.previous.isEmpty,
            workers: ring.members.count
        )
    }
}

extension VotersDocument {
    /// The value of the watch key `voters`.
    package init(_ cluster: ClusterEntry) {
        self.init(
            cluster: "\(cluster.id)",
            generation: cluster.generation,
            survive: cluster.survival.word,
            timing: cluster.timing.word,
            featureLevel: cluster.featureLevel,
            voters: cluster.voters.map(\.rawValue)
        )
    }
}

extension ClusterEntry.Survival {
    var word: String {
        switch self {
        case .zone: "zone"
        case .region: "region"
        }
    }
}

extension ClusterEntry.Timing {
    var word: String {
        switch self {
        case .lan: "lan"
        case .wan: "wan"
        }
    }
}
