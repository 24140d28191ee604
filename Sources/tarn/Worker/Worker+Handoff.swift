// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import ClientRuntime
import Coordination
import ElasticCore
import Logging
import NIOCore
import PageStorage
import PageTransport
import Primitives
import Settings
import WorkerRuntime

/// What this worker asks of the others to take their pages over, and how its own move.
extension Worker {
    /// Connections of their own: readers wait neither behind pages that move, nor for a silent worker as
    /// long as a reader without another choice would.
    func peers(_ cluster: ClusterID, _ node: NodeID) -> PagePeers {
        var limits = PageClientLimits.standard
        limits.silence = .seconds(1)
        let lookups = PageClient(
            group: group,
            cluster: cluster,
            name: settings.name,
            limits: limits
        )
        let bulk = PageClient(group: group, cluster: cluster, name: settings.name)
        return PagePeers(
            me: node,
            router: reading.router,
            asking: RemoteAsking(client: lookups) { _ in false },
            bulk: RemoteAsking(client: bulk) { _ in false },
            suspects: reading.suspects
        )
    }

    /// Has this worker's pages kept by as many others as their mounts ask for.
    func copier(_ pageStore: PageStore, _ peers: PagePeers, _ pages: PageService) -> PageCopier {
        let coordination = coordination
        return PageCopier(
            store: pageStore,
            peers: peers,
            pages: pages,
            blocking: blocking,
            limits: { coordination.handoffLimits },
            log: log
        )
    }

    /// Moves this worker's pages to those that own them, as fast as the cluster says, and tells it how
    /// far that is.
    func mover(_ pageStore: PageStore, _ peers: PagePeers, _ pages: PageService) -> PageMover {
        let coordination = coordination
        return PageMover(
            store: pageStore,
            peers: peers,
            blocking: blocking,
            isFilling: { pages.isFilling(before: $0) },
            limits: { coordination.handoffLimits },
            report: { await coordination.report($0) },
            log: log
        )
    }
}

extension CoordinationNode {
    /// What this worker may send now.
    fileprivate var handoffLimits: HandoffLimits {
        HandoffLimits(in: view().catalog, of: joined?.node)
    }

    fileprivate func report(_ progress: HandoffProgress) async -> Bool {
        await report(
            epoch: progress.epoch,
            remaining: progress.remaining,
            moved: progress.moved,
            isDone: progress.isDone
        )
    }
}
