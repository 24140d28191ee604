// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
package import Primitives

extension HandoffLimits {
    /// Batches under way at the same time from one worker.
    private static let streams = 4

    /// What a worker may send: by the cluster's settings, or by its own drain's.
    package init(in catalog: Catalog, of node: NodeID?) {
        let settings = catalog.cluster?.handoff ?? HandoffSettings()
        let drainRate = node.flatMap { catalog.worker(id: $0)?.drainRate } ?? 0
        self.init(
            bytesPerSecond: drainRate > 0 ? drainRate : settings.bytesPerSecond,
            streams: Self.streams,
            isPaused: settings.isPaused
        )
    }
}

extension HandoffProgress {
    /// What is still here and another's, whether or not anybody takes it.
    package var remaining: HandoffReport.Amount {
        HandoffReport.Amount(
            pages: remainingPages + refusedPages,
            bytes: remainingBytes + refusedBytes
        )
    }

    /// What the others took.
    package var moved: HandoffReport.Amount {
        HandoffReport.Amount(pages: movedPages, bytes: movedBytes)
    }

    /// What the cluster is told.
    package func report(of node: NodeID) -> HandoffReport {
        HandoffReport(
            node: node,
            epoch: epoch,
            remaining: remaining,
            moved: moved,
            isDone: isDone
        )
    }
}

extension HandoffReport {
    /// Whether a catalog does not say so already.
    ///
    /// Where nothing is to be settled nobody needs to hear that nothing is left.
    package func isNews(to catalog: Catalog) -> Bool {
        guard catalog.report(of: node) != self else { return false }
        guard let worker = catalog.worker(id: node), worker.state == .active,
            let ring = catalog.ring(region: worker.region)
        else { return true }
        return !(ring.isSettled && ring.epoch == epoch && isDone && remaining.pages == 0)
    }
}

extension HandoffSituation {
    /// Whether the ring cannot be settled before this worker says that nothing is left.
    ///
    /// Also after it has said so: an earlier word that was late may have been committed behind the last one.
    package func isAwaited(in catalog: Catalog) -> Bool {
        guard let worker = catalog.worker(id: me), let ring = catalog.ring(region: worker.region),
            ring.epoch == epoch, !ring.isSettled
        else { return false }
        return catalog.isUnsettled(worker)
    }
}
