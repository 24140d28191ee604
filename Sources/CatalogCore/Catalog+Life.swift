// SPDX-License-Identifier: Apache-2.0

import Primitives

/// The steps of a worker's life behind its admission; see ``WorkerChange``.
extension Catalog {
    mutating func changeWorker(_ change: WorkerChange) throws(CatalogRefusal) -> Application {
        guard let worker = worker(id: change.node) else { throw .noSuchWorker }
        switch change {
        case .fence: return fence(worker)
        case .resume: return resume(worker)
        case .drain(let drain): return try begin(drain, of: worker)
        case .undrain: return try undrain(worker)
        case .drained(_, let keepsVote): return try finishDrain(of: worker, keepsVote: keepsVote)
        case .remove(_, let isLost): return try remove(worker, isLost: isLost)
        }
    }

    /// One revision in which a worker's state changes, and nothing else.
    mutating func enter(_ state: WorkerEntry.State, _ worker: WorkerEntry) -> Application {
        revision = revision.next
        let changed = keep(worker, as: state)
        return application(of: worker.name, changes: changed)
    }

    /// Stores a worker in another state, and says so; silence goes with suspension.
    mutating func keep(_ worker: WorkerEntry, as state: WorkerEntry.State) -> [KeyedChange] {
        var worker = worker
        if worker.state != state { worker.sinceMS = elapsedMS }
        worker.state = state
        worker.isSilent = state == .suspended
        if ![.draining, .drained].contains(state) { worker.drainRate = 0 }
        worker.modRevision = revision
        store(worker)
        return [(CatalogKey.worker(worker.name), .worker(worker))]
    }

    private func application(of name: String, changes keys: [KeyedChange]) -> Application {
        guard let worker = worker(named: name) else {
            preconditionFailure("invariant 4: '\(name)' was stored just now")
        }
        return Application(.worker(worker), changes: changes(keys))
    }

    // MARK: - Silence

    private mutating func fence(_ worker: WorkerEntry) -> Application {
        guard !worker.isSilent else { return Application(.worker(worker)) }
        if worker.state == .active { return enter(.suspended, worker) }
        return mark(worker, isSilent: true)
    }

    private mutating func resume(_ worker: WorkerEntry) -> Application {
        if worker.state == .suspended { return enter(.active, worker) }
        guard worker.isSilent else { return Application(.worker(worker)) }
        return mark(worker, isSilent: false)
    }

    private mutating func mark(_ worker: WorkerEntry, isSilent: Bool) -> Application {
        revision = revision.next
        var worker = worker
        worker.isSilent = isSilent
        worker.modRevision = revision
        store(worker)
        return application(
            of: worker.name,
            changes: [(CatalogKey.worker(worker.name), .worker(worker))]
        )
    }

    // MARK: - Drain

    /// A drain that is under way is answered with its job.
    private mutating func begin(
        _ drain: WorkerDrain,
        of worker: WorkerEntry
    ) throws(CatalogRefusal) -> Application {
        switch worker.state {
        case .draining, .drained:
            if let job = drainJob(of: worker.id) { return Application(.job(job)) }
            throw .badValue("worker '\(worker.name)' is \(worker.state.text)")
        case .suspended, .removed:
            throw .unsafe("worker '\(worker.name)' is \(worker.state.text): it cannot give away")
        case .joining, .active: break
        }
        try requireHeirs(drain, of: worker)

        revision = revision.next
        var draining = worker
        draining.drainRate = drain.bytesPerSecond
        let job = JobEntry(
            id: "drain-\(worker.name)-\(revision.rawValue)",
            kind: .drain,
            state: .waiting,
            region: worker.region,
            node: worker.id,
            worker: worker.name,
            beganMS: elapsedMS,
            updatedMS: elapsedMS,
            createRevision: revision,
            modRevision: revision
        )
        let changed = keep(job) + keep(draining, as: .draining)
        return Application(.job(job), changes: changes(changed))
    }

    private func requireHeirs(
        _ drain: WorkerDrain,
        of worker: WorkerEntry
    ) throws(CatalogRefusal) {
        let active = ringMembers(of: worker.region).map(\.id).filter { $0 != worker.id }
        guard drain.heirs.allSatisfy(active.contains) else {
            throw .unsafe(
                "the workers of '\(worker.region)' changed while it was planned; ask again"
            )
        }
        guard !active.isEmpty || drain.isForced else {
            throw .unsafe("'\(worker.name)' is the last active worker of '\(worker.region)'")
        }
    }

    private mutating func undrain(_ worker: WorkerEntry) throws(CatalogRefusal) -> Application {
        switch worker.state {
        case .active, .joining: return Application(.worker(worker))
        case .draining, .drained: break
        case .suspended, .removed:
            throw .badValue("worker '\(worker.name)' is \(worker.state.text), not draining")
        }
        revision = revision.next
        var changed: [KeyedChange] = []
        if var job = drainJob(of: worker.id), !job.state.isFinal {
            job.state = .cancelled
            changed += keep(updated(job))
        }
        changed += keep(worker, as: worker.isSilent ? .suspended : .active)
        return application(of: worker.name, changes: changed)
    }

    private mutating func finishDrain(
        of worker: WorkerEntry,
        keepsVote: Bool
    ) throws(CatalogRefusal) -> Application {
        guard worker.state != .drained else { return Application(.worker(worker)) }
        guard worker.state == .draining else {
            throw .badValue("worker '\(worker.name)' is \(worker.state.text), not draining")
        }
        // By the ring of now: what was done by an earlier one may have gone to a worker that left since.
        guard let report = report(of: worker.id), report.isDone,
            ring(region: worker.region)?.members.contains(where: { $0.id == worker.id }) == false
        else { throw .badValue("worker '\(worker.name)' has not given everything away yet") }
        revision = revision.next
        var changed: [KeyedChange] = []
        if var job = drainJob(of: worker.id) {
            job.state = .done
            job.left = report.remaining
            job.keepsVote = keepsVote
            changed += keep(updated(job))
        }
        changed += keep(worker, as: .drained)
        return application(of: worker.name, changes: changed)
    }

    // MARK: - The end

    private mutating func remove(
        _ worker: WorkerEntry,
        isLost: Bool
    ) throws(CatalogRefusal) -> Application {
        let isEmpty = [.drained, .joining].contains(worker.state)
        guard isEmpty || isLost else {
            throw .unsafe("worker '\(worker.name)' is \(worker.state.text), not drained")
        }
        guard isLost || cluster?.voters.contains(worker.id) != true else {
            throw .unsafe("worker '\(worker.name)' votes")
        }
        revision = revision.next
        remove(worker)
        store(RetiredStore(store: worker.store, node: worker.id, name: worker.name))
        var changed = abandonDrain(of: worker)
        changed +=
            leaveRing(worker) + dropWish(of: worker.id) + [(CatalogKey.worker(worker.name), nil)]
        var gone = worker
        gone.state = .removed
        gone.modRevision = revision
        return Application(.worker(gone), changes: changes(changed))
    }

    /// A worker that is gone gives nothing away any more.
    mutating func abandonDrain(of gone: WorkerEntry) -> [KeyedChange] {
        guard var job = drainJob(of: gone.id), !job.state.isFinal else { return [] }
        job.state = .failed
        job.left = handoffReports[gone.id]?.remaining ?? job.total - job.done
        return keep(updated(job))
    }
}
