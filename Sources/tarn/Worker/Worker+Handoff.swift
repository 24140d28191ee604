// SPDX-License-Identifier: Apache-2.0

import ClientRuntime
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
    /// Moves this worker's pages to those that own them.
    ///
    /// The rate is generous where nobody has said otherwise: readers have connections of their own.
    func mover(_ pageStore: PageStore, _ peers: PagePeers) -> PageMover {
        let log = log
        return PageMover(
            store: pageStore,
            peers: peers,
            blocking: blocking,
            limits: { HandoffLimits(bytesPerSecond: 1 << 30, streams: 4) },
            report: { progress in
                log.debug(
                    "pages moved so far",
                    metadata: [
                        "ring.epoch": "\(progress.epoch)",
                        "pages.remaining": "\(progress.remainingPages)",
                        "pages.moved": "\(progress.movedPages)",
                        "bytes.moved": "\(progress.movedBytes)",
                        "pages.refused": "\(progress.refusedPages)",
                        "handoff.is_done": "\(progress.isDone)",
                    ]
                )
                return true
            },
            log: log
        )
    }
}
