// SPDX-License-Identifier: Apache-2.0

import Primitives

/// The only places that change what the catalog holds: each keeps the digest (invariant 5) and the
/// indexes in step.
extension Catalog {
    mutating func store(_ entry: ClusterEntry, at revision: Revision) {
        let place = DigestSum.Place(kind: .cluster, key: Self.clusterKey)
        if let cluster { digest.remove(hash(cluster), at: place) }
        digest.add(hash(entry), at: place)
        cluster = entry
        clusterRevision = revision
    }

    mutating func store(_ worker: WorkerEntry) {
        let name = ByteString(worker.name)
        let place = DigestSum.Place(kind: .worker, key: name)
        if let old = workersByName.set(name, worker) {
            digest.remove(hash(old, under: name), at: place)
        }
        digest.add(hash(worker, under: name), at: place)
        namesByID.set(worker.id, name)
        namesByStore.set(worker.store, name)
    }

    mutating func store(_ retired: RetiredStore) {
        let key = retired.store.key
        retiredStores.set(key, retired)
        digest.add(hash(retired, under: key), at: .init(kind: .retiredStore, key: key))
    }

    mutating func remove(_ worker: WorkerEntry) {
        let name = ByteString(worker.name)
        workersByName.remove(name)
        namesByID.remove(worker.id)
        namesByStore.remove(worker.store)
        digest.remove(hash(worker, under: name), at: .init(kind: .worker, key: name))
    }

    mutating func store(_ ring: RingEntry) {
        let region = ByteString(ring.region)
        let place = DigestSum.Place(kind: .ring, key: region)
        if let old = ringsByRegion.set(region, ring) {
            digest.remove(hash(old, under: region), at: place)
        }
        digest.add(hash(ring, under: region), at: place)
    }

    mutating func store(_ job: JobEntry) {
        let id = ByteString(job.id)
        let place = DigestSum.Place(kind: .job, key: id)
        if let old = jobs.set(id, job) { digest.remove(hash(old, under: id), at: place) }
        digest.add(hash(job, under: id), at: place)
        index(job, id)
    }

    private mutating func index(_ job: JobEntry, _ id: ByteString) {
        switch job.kind {
        case .drain:
            guard let node = job.node else { return }
            let newest = drainJobs[node].flatMap { jobs[$0] }
            if newest.map({ $0.createRevision <= job.createRevision }) ?? true {
                drainJobs.set(node, id)
            }
        case .rebalance:
            let region = ByteString(job.region)
            if !job.state.isFinal {
                movingJobs.set(region, id)
            } else if movingJobs[region] == id {
                movingJobs.remove(region)
            }
        }
    }

    mutating func remove(_ job: JobEntry) {
        let id = ByteString(job.id)
        guard let old = jobs.remove(id) else { return }
        digest.remove(hash(old, under: id), at: .init(kind: .job, key: id))
        if let node = old.node, drainJobs[node] == id { drainJobs.remove(node) }
    }

    mutating func storeReport(_ report: HandoffReport) {
        let place = DigestSum.Place(kind: .handoff, key: report.node.key)
        if let old = handoffReports.set(report.node, report) {
            digest.remove(hash(old, under: report.node), at: place)
        }
        digest.add(hash(report, under: report.node), at: place)
    }

    mutating func removeReport(of node: NodeID) {
        guard let old = handoffReports.remove(node) else { return }
        digest.remove(hash(old, under: node), at: .init(kind: .handoff, key: node.key))
    }

    mutating func store(_ entry: MountEntry) {
        let bucket = entry.mount.bucketName(at: entry.path)
        let place = DigestSum.Place(kind: .mount, key: entry.path)
        let old = mountTable.set(entry.path, entry)
        digest.add(hash(entry, under: entry.path), at: place)
        if let old {
            digest.remove(hash(old, under: old.path), at: place)
            let before = old.mount.bucketName(at: old.path)
            guard before != bucket else { return }  // Most replacements change something else.
            bucketNames.remove(before.name, path: old.path)
        }
        bucketNames.insert(bucket.name, isExplicit: bucket.isExplicit, path: entry.path)
    }

    mutating func removeMount(_ entry: MountEntry) {
        mountTable.remove(entry.path)
        forget(entry)
    }

    mutating func store(_ credential: StoredCredential) {
        let name = ByteString(credential.entry.name)
        let place = DigestSum.Place(kind: .credential, key: name)
        if let old = credentialTable.set(name, credential) {
            digest.remove(hash(old, under: name), at: place)
        }
        digest.add(hash(credential, under: name), at: place)
    }

    mutating func removeCredential(_ name: ByteString) {
        guard let old = credentialTable.remove(name) else { return }
        digest.remove(hash(old, under: name), at: .init(kind: .credential, key: name))
    }

    mutating func originID(of identity: OriginIdentity) -> OriginID {
        let (id, isNew) = origins.id(of: identity)
        if isNew { noteOrigin(identity, id) }
        return id
    }

    mutating func noteOrigin(_ identity: OriginIdentity, _ id: OriginID) {
        let place = DigestSum.Place(kind: .origin, key: identity.canonical)
        digest.add(hash(identity, id), at: place)
    }

    mutating func remember(_ idempotency: Idempotency, _ outcome: CatalogOutcome, atMS: UInt64) {
        let (key, hash) = repetitions.remember(idempotency, outcome, atMS: atMS)
        digest.add(hash, at: .init(kind: .repetition, key: key))
    }

    mutating func forgetRepetitions() {
        for (key, hash) in repetitions.forget(nowMS: elapsedMS) {
            digest.remove(hash, at: .init(kind: .repetition, key: key))
        }
    }

    private mutating func forget(_ entry: MountEntry) {
        let place = DigestSum.Place(kind: .mount, key: entry.path)
        digest.remove(hash(entry, under: entry.path), at: place)
        bucketNames.remove(entry.mount.bucketName(at: entry.path).name, path: entry.path)
    }
}
