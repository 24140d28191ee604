// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// How far the workers are with giving pages away, and the jobs that show it.
///
/// Reports are part of what replicas agree on, but no watched keys: those of jobs are.
extension Catalog {
    mutating func changeHandoff(_ change: HandoffChange) throws(CatalogRefusal) -> Application {
        switch change {
        case .report(let report): return try take(report)
        case .settings(let change): return try set(change)
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
        guard let ring = ring(region: region) else { return [] }
        let members = Set(ring.members.map(\.id))
        return workers.filter { worker in
            isSame(worker.region, region)
                && isUnsettled(worker) { members.contains(worker.id) }
        }.map(\.id).sorted()
    }

    /// Whether a worker is one of those.
    package func isUnsettled(_ worker: WorkerEntry) -> Bool {
        isUnsettled(worker) {
            ring(region: worker.region)?.members.contains { $0.id == worker.id } == true
        }
    }

    private func isUnsettled(_ worker: WorkerEntry, isMember: () -> Bool) -> Bool {
        let isGiving = worker.state == .draining || worker.state == .active && isMember()
        return isGiving && !worker.isSilent && report(of: worker.id)?.isDone != true
    }

    /// Answers with the ring: a report by another epoch than that one's was not taken.
    private mutating func take(_ report: HandoffReport) throws(CatalogRefusal) -> Application {
        guard let worker = worker(id: report.node) else { throw .noSuchWorker }
        guard let ring = ring(region: worker.region) else { throw .badValue("no such ring") }
        guard ring.epoch == report.epoch, handoffReports[report.node] != report else {
            return Application(.ring(ring))
        }
        let last = self.report(of: report.node)
        storeReport(report)
        let before = revision
        revision = revision.next
        var changed: [KeyedChange] = []
        if worker.state == .draining, let job = drainJob(of: worker.id), !job.state.isFinal {
            changed += keep(updated(job, report))
        }
        if let job = movingJob(of: worker.region) {
            let job = updated(job, report, after: last)
            if job.total.pages > 0 { changed += keep(job) }
        }
        if changed.isEmpty { revision = before }
        return Application(.ring(ring), changes: changes(changed))
    }

    private mutating func set(
        _ change: HandoffSettings.Change
    ) throws(CatalogRefusal) -> Application {
        guard var entry = cluster else { throw .badValue("no cluster") }
        let settings = entry.handoff.with(change)
        guard settings.bytesPerSecond >= HandoffSettings.leastBytesPerSecond else {
            throw .badValue("a rate of \(settings.bytesPerSecond) B/s; at least 1 MiB/s")
        }
        guard entry.handoff != settings else { return Application(.clusterFormed) }
        revision = revision.next
        entry.handoff = settings
        store(entry, at: revision)
        return Application(
            .clusterFormed,
            changes: changes([(CatalogKey.voters, .cluster(entry))])
        )
    }

    // MARK: - Jobs

    /// The newest drain of a worker; O(log n).
    package func drainJob(of node: NodeID) -> JobEntry? { drainJobs[node].flatMap { jobs[$0] } }

    private func movingJob(of region: String) -> JobEntry? {
        movingJobs[ByteString(region)].flatMap { jobs[$0] }
    }

    /// The movement under way in a region by another ring: what is left is for the workers to say anew.
    func restartedMoving(in region: String) -> JobEntry? {
        guard var job = movingJob(of: region) else { return nil }
        job.total = job.done
        return updated(job)
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
        if let job = restartedMoving(in: region) {
            changed += keep(job)
        } else if !ring.isSettled {  // Behind a ring of nobody there is nothing that could move.
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
        job.left = job.total - job.done
        return keep(updated(job))
    }

    /// A worker is gone: nobody gives away any more what it said to have left.
    mutating func forget(_ report: HandoffReport, in region: String) -> [KeyedChange] {
        guard var job = movingJob(of: region), report.remaining.pages > 0 else { return [] }
        job.total = (job.total - report.remaining).atLeast(job.done)
        return keep(updated(job))
    }

    /// The drain of one worker: it alone knows what it has.
    private func updated(_ job: JobEntry, _ report: HandoffReport) -> JobEntry {
        var job = updated(job)
        job.total = job.total.atLeast(report.work)
        job.done = job.total - report.remaining
        return job
    }

    /// The movement of a region, of which one more worker, or one once more, said how far it is.
    private func updated(
        _ job: JobEntry,
        _ report: HandoffReport,
        after last: HandoffReport?
    ) -> JobEntry {
        var job = updated(job)
        let left = job.total - job.done - (last?.remaining ?? .init()) + report.remaining
        job.total = job.total + (report.work - (last?.work ?? .init()))
        job.done = job.total - left
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
