// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import ClientRuntime
import Coordination
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

    /// Moves this worker's pages to those that own them, as fast as the cluster says, and tells it how
    /// far that is.
    func mover(_ pageStore: PageStore, _ peers: PagePeers) -> PageMover {
        let coordination = coordination
        return PageMover(
            store: pageStore,
            peers: peers,
            blocking: blocking,
            limits: { coordination.handoffLimits },
            report: { await coordination.report($0) },
            log: log
        )
    }
}

extension CoordinationNode {
    /// Batches under way at the same time from one worker.
    private static let handoffStreams = 4

    /// What this worker may send: by the cluster's settings, or by its own drain's.
    fileprivate var handoffLimits: HandoffLimits {
        let catalog = view().catalog
        let settings = catalog.cluster?.handoff ?? HandoffSettings()
        let drainRate = joined.flatMap { catalog.worker(id: $0.node)?.drainRate } ?? 0
        return HandoffLimits(
            bytesPerSecond: drainRate > 0 ? drainRate : settings.bytesPerSecond,
            streams: Self.handoffStreams,
            isPaused: settings.isPaused
        )
    }

    fileprivate func report(_ progress: HandoffProgress) async -> Bool {
        let open = HandoffReport.Amount(
            pages: progress.remainingPages,
            bytes: progress.remainingBytes
        )
        let refused = HandoffReport.Amount(
            pages: progress.refusedPages,
            bytes: progress.refusedBytes
        )
        return await report(
            epoch: progress.epoch,
            remaining: open + refused,  // Nobody took it yet; it is still here.
            moved: HandoffReport.Amount(pages: progress.movedPages, bytes: progress.movedBytes),
            isDone: progress.isDone
        )
    }
}
