// SPDX-License-Identifier: Apache-2.0
package import APIModel
package import CatalogCore
package import Coordination
import Primitives

extension ClusterDocument {
    /// The cluster as this worker sees it; needs no quorum.
    package init(
        _ cluster: ClusterEntry,
        catalog: Catalog,
        status: CoordinationStatus,
        outlook: VotingOutlook? = nil
    ) {
        let others = Set((status.voters + status.learners).map(\.node) + status.relays)
        let observers = catalog.workers.count { worker in
            worker.state != .removed && !others.contains(worker.id)
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
            relays: status.relays.compactMap { catalog.worker(id: $0)?.name },
            observers: observers,
            regions: Dictionary(
                catalog.rings.map { ($0.region, RegionSummaryDocument($0)) },
                uniquingKeysWith: { first, _ in first }
            ),
            alarms: status.alarms.map(AlarmDocument.init),
            autopilot: AutopilotDocument(cluster, catalog: catalog, outlook: outlook)
        )
    }
}

extension ClusterDocument {
    /// What a member says that has no catalog yet: generation and revision are 0, voters go by their
    /// node ids, and of the others it knows nothing.
    init(member cluster: ClusterID, status: CoordinationStatus) {
        self.init(
            cluster: "\(cluster)",
            generation: 0,
            revision: 0,
            term: status.term.rawValue,
            leader: status.leader,
            quorum: QuorumDocument(have: status.quorumHave, need: status.quorumNeed),
            voters: status.voters.map(VoterDocument.init),
            learners: status.learners.map(VoterDocument.init),
            observers: 0,
            regions: [:],
            alarms: status.alarms.map(AlarmDocument.init)
        )
    }
}

extension AlarmDocument {
    /// An alarm with the name of its worker in front.
    init(_ told: WorkerAlarm) {
        self.init(
            kind: told.alarm.kind.rawValue,
            detail: "\(told.worker): \(told.alarm.detail)"
        )
    }
}

extension AutopilotDocument {
    /// What should be stands in the catalog; what is done about it only the leader knows.
    fileprivate init(_ cluster: ClusterEntry, catalog: Catalog, outlook: VotingOutlook?) {
        func names(_ kind: VoteWish.Kind) -> [String] {
            cluster.wishes.filter { $0.kind == kind }
                .compactMap { catalog.worker(id: $0.node)?.name }
        }
        self.init(
            survive: cluster.survival.word,
            voters: cluster.targetVoterCount,
            promoted: names(.promoted),
            demoted: names(.demoted),
            action: outlook?.action?.word,
            leaving: outlook?.leaving ?? [],
            coming: outlook?.coming ?? [],
            reason: outlook?.reason,
            waitsFor: outlook == nil ? "a leader that answers" : outlook?.waitsFor,
            weakness: outlook?.weakness,
            leadership: outlook?.leadership
        )
    }
}

extension VotingOutlook.Action {
    fileprivate var word: String {
        switch self {
        case .replace: "replace"
        case .shrink: "shrink"
        case .grow: "grow"
        case .exchange: "exchange"
        }
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
