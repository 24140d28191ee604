// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// How far the workers are with giving pages away, and the jobs that show it.
///
/// Reports are part of what replicas agree on, but no watched keys: those of jobs are.
extension Catalog {
    mutating func changeHandoff(_ change: HandoffChange) throws(CatalogRefusal) -> Application {
        switch change {
        case .report(let report): return try take(report)
        case .settings(let settings): return try set(settings)
        }
    }

    /// What a worker said last, by the epoch that its region has now; `nil` otherwise.
    package func report(of node: NodeID) -> HandoffReport? {
        guard let report = handoffReports[node], let worker = worker(id: node),
            ring(region: worker.region)?.epoch == report.epoch
        else { return nil }
        return report
    }

    /// Who has to say that it is done before a region's ring is settled, and has not, by id: members
    /// of the ring, and those who drain.
    package func unsettledWorkers(of region: String) -> [NodeID] {
        let members = ring(region: region)?.members.map(\.id) ?? []
        return workers.filter { worker in
            let isGiving =
                worker.state == .draining
                || worker.state == .active && members.contains(worker.id)
            return isSame(worker.region, region) && isGiving && !worker.isSilent
                && report(of: worker.id)?.isDone != true
        }.map(\.id).sorted()
    }

    /// Answers with the ring: a report by another epoch than that one's was not taken.
    private mutating func take(_ report: HandoffReport) throws(CatalogRefusal) -> Application {
        guard let worker = worker(id: report.node) else { throw .noSuchWorker }
        guard let ring = ring(region: worker.region) else { throw .badValue("no such ring") }
        guard ring.epoch == report.epoch, handoffReports[report.node] != report else {
            return Application(.ring(ring))
        }
        storeReport(report)
        let before = revision
        revision = revision.next
        var changed: [KeyedChange] = []
        if worker.state == .draining, let job = drainJob(of: worker.id), !job.state.isFinal {
            changed += keep(updated(job, remaining: report.remaining, moved: report.moved))
        }
        if let job = movingJob(of: worker.region) {
            let sum = reportSum(of: worker.region)
            let job = updated(job, remaining: sum.remaining, moved: sum.moved)
            if job.total.pages > 0 { changed += keep(job) }
        }
        if changed.isEmpty { revision = before }
        return Application(.ring(ring), changes: changes(changed))
    }

    private mutating func set(_ settings: HandoffSettings) throws(CatalogRefusal) -> Application {
        guard settings.bytesPerSecond >= HandoffSettings.leastBytesPerSecond else {
            throw .badValue("a rate of \(settings.bytesPerSecond) B/s; at least 1 MiB/s")
        }
        guard var entry = cluster, entry.handoff != settings else {
            return Application(.clusterFormed)
        }
        revision = revision.next
        entry.handoff = settings
        store(entry, at: revision)
        return Application(
            .clusterFormed,
            changes: changes([(CatalogKey.voters, .cluster(entry))])
        )
    }

    private func reportSum(
        of region: String
    ) -> (remaining: HandoffReport.Amount, moved: HandoffReport.Amount) {
        workers.filter { isSame($0.region, region) }.compactMap { report(of: $0.id) }
            .reduce((.init(), .init())) { ($0.0 + $1.remaining, $0.1 + $1.moved) }
    }

    // MARK: - Jobs

    /// The newest drain of a worker.
    package func drainJob(of node: NodeID) -> JobEntry? {
        jobs.values.filter { $0.node == node }.max { $0.createRevision < $1.createRevision }
    }

    private func movingJob(of region: String) -> JobEntry? {
        jobs.values.first { job in
            job.kind == .rebalance && !job.state.isFinal && isSame(job.region, region)
        }
    }

    /// A ring was published: its region's pages move from now on, and drains that waited begin.
    mutating func beginMoving(in region: String) -> [KeyedChange] {
        guard let ring = ring(region: region) else { return [] }
        var changed: [KeyedChange] = []
        for job in jobs.values where job.state == .waiting && isSame(job.region, region) {
            var running = job
            running.state = .running
            changed += keep(updated(running))
        }
        // Behind a ring of nobody there is nothing that could move, and nothing to be settled.
        if movingJob(of: region) == nil, !ring.isSettled {
            changed += keep(
                JobEntry(
                    id: "rebalance-\(region)-\(ring.epoch.rawValue)",
                    kind: .rebalance,
                    state: .running,
                    region: region,
                    node: nil,
                    beganMS: elapsedMS,
                    updatedMS: elapsedMS,
                    createRevision: revision,
                    modRevision: revision
                )
            )
        }
        return changed
    }

    /// A ring is settled: what is left by now stays where it is.
    mutating func endMoving(in region: String) -> [KeyedChange] {
        guard var job = movingJob(of: region) else { return [] }
        job.state = .done
        job.left = reportSum(of: region).remaining
        return keep(updated(job))
    }

    func updated(
        _ job: JobEntry,
        remaining: HandoffReport.Amount,
        moved: HandoffReport.Amount
    ) -> JobEntry {
        var job = updated(job)
        job.total = job.total.atLeast(moved + remaining)
        job.done = job.total - remaining
        return job
    }

    func updated(_ job: JobEntry) -> JobEntry {
        var job = job
        job.updatedMS = elapsedMS
        job.modRevision = revision
        return job
    }

    /// Stores a job, and says so; of those that ended only the newest are kept.
    mutating func keep(_ job: JobEntry) -> [KeyedChange] {
        store(job)
        let changed: [KeyedChange] = [(CatalogKey.job(job.id), .job(job))]
        guard jobs.count > CatalogLimits.jobCount,
            let oldest = jobs.values.filter(\.state.isFinal)
                .min(by: { $0.createRevision < $1.createRevision }), oldest.id != job.id
        else { return changed }
        remove(oldest)
        return changed + [(CatalogKey.job(oldest.id), nil)]
    }

    /// Jobs in bytewise order of their ids.
    package var allJobs: [JobEntry] { jobs.values }

    /// O(log n).
    package func job(id: String) -> JobEntry? { jobs[ByteString(id)] }
}
