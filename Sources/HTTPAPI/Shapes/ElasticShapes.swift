// SPDX-License-Identifier: Apache-2.0
package import APIModel
package import CatalogCore
package import Coordination
import Primitives

extension JobDocument {
    /// A job as watch lines carry it, too.
    package init(_ job: JobEntry) {
        let left = job.total - job.done
        let rate = job.bytesPerSecond
        self.init(
            id: job.id,
            kind: job.kind.word,
            state: job.state.word,
            region: job.region,
            worker: job.worker,
            total: job.total.pages,
            done: job.done.pages,
            bytesTotal: job.total.bytes,
            bytesDone: job.done.bytes,
            rate: rate,
            etaSeconds: job.state.isFinal
                ? 0 : rate > 0 && job.state == .running ? (left.bytes + rate - 1) / rate : nil,
            leftPages: job.left.pages,
            leftBytes: job.left.bytes,
            keepsVote: job.keepsVote,
            failures: job.left.pages > 0
                ? [
                    Failure(
                        what: "\(job.left.pages) pages (\(ByteCount(job.left.bytes)))",
                        why: job.state == .failed
                            ? "the worker was removed before it had given them away"
                            : "no worker had room for them, or they could not be read"
                    )
                ] : [],
            createRevision: job.createRevision.rawValue,
            modRevision: job.modRevision.rawValue
        )
    }
}

extension JobEntry.Kind {
    fileprivate var word: String {
        switch self {
        case .drain: "drain"
        case .rebalance: "rebalance"
        }
    }
}

extension JobEntry.State {
    fileprivate var word: String {
        switch self {
        case .waiting: "waiting"
        case .running: "running"
        case .done: "done"
        case .failed: "failed"
        case .cancelled: "cancelled"
        }
    }
}

extension RingPlanDocument {
    /// A forecast in the words of the API; `vote` says what becomes of a drained worker's.
    package init(_ forecast: RingForecast, vote: String? = nil) {
        self.init(
            region: forecast.region,
            epoch: forecast.epoch.rawValue,
            workers: forecast.workers.map { worker in
                Worker(
                    name: worker.name,
                    capacity: worker.capacity,
                    shareBefore: worker.shareBefore.map { Double($0) / 100 },
                    shareAfter: worker.shareAfter.map { Double($0) / 100 },
                    usedBefore: worker.usedBefore,
                    usedAfter: worker.usedAfter
                )
            },
            pages: forecast.moved.pages,
            bytes: forecast.moved.bytes,
            lostPages: forecast.lost.pages,
            lostBytes: forecast.lost.bytes,
            rate: forecast.bytesPerSecond,
            seconds: forecast.seconds,
            vote: vote,
            warnings: forecast.warnings,
            refusals: forecast.refusals
        )
    }
}

extension RebalanceDocument {
    /// What is under way in every region, as this catalog has it.
    package init(_ catalog: Catalog) {
        let settings = catalog.cluster?.handoff ?? HandoffSettings()
        self.init(
            paused: settings.isPaused,
            rate: settings.bytesPerSecond,
            regions: catalog.rings.map { Region($0, catalog) },
            jobs: catalog.allJobs.filter { !$0.state.isFinal }.map { JobDocument($0) }
        )
    }
}

extension RebalanceDocument.Region {
    fileprivate init(_ ring: RingEntry, _ catalog: Catalog) {
        let reports = catalog.workers.filter { $0.region == ring.region }
            .compactMap { catalog.report(of: $0.id) }
        let waiting = ring.isSettled ? [] : catalog.unsettledWorkers(of: ring.region)
        func names(_ nodes: [NodeID]) -> [String] {
            nodes.compactMap { catalog.worker(id: $0)?.name }
        }
        self.init(
            region: ring.region,
            epoch: ring.epoch.rawValue,
            settled: ring.isSettled,
            unsettled: ring.previous.count,
            heldFor: names(ring.heldFor),
            waitsFor: names(waiting),
            remainingPages: reports.reduce(0) { $0 &+ $1.remaining.pages },
            remainingBytes: reports.reduce(0) { $0 &+ $1.remaining.bytes }
        )
    }
}
