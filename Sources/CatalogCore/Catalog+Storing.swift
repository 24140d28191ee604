// SPDX-License-Identifier: Apache-2.0

import Primitives

/// The only places that change what the catalog holds: each keeps the digest (invariant 5) and the
/// indexes in step.
extension Catalog {
    mutating func store(_ entry: ClusterEntry, at revision: Revision) {
        if let cluster { digestSum &-= DigestKind.cluster.hash { cluster.write(to: &$0) } }
        digestSum &+= DigestKind.cluster.hash { entry.write(to: &$0) }
        cluster = entry
        clusterRevision = revision
    }

    mutating func store(_ worker: WorkerEntry) {
        let name = ByteString(worker.name)
        if let old = workersByName.set(name, worker) {
            digestSum &-= DigestKind.worker.hash { old.write(to: &$0) }
        }
        digestSum &+= DigestKind.worker.hash { worker.write(to: &$0) }
        namesByID.set(worker.id, name)
        namesByStore.set(worker.store, name)
    }

    mutating func store(_ retired: RetiredStore) {
        retiredStores.set(retired.store, retired)
        digestSum &+= DigestKind.retiredStore.hash { retired.write(to: &$0) }
    }

    mutating func remove(_ worker: WorkerEntry) {
        workersByName.remove(ByteString(worker.name))
        namesByID.remove(worker.id)
        namesByStore.remove(worker.store)
        digestSum &-= DigestKind.worker.hash { worker.write(to: &$0) }
    }

    mutating func store(_ ring: RingEntry) {
        if let old = ringsByRegion.set(ByteString(ring.region), ring) {
            digestSum &-= DigestKind.ring.hash { old.write(to: &$0) }
        }
        digestSum &+= DigestKind.ring.hash { ring.write(to: &$0) }
    }

    mutating func store(_ entry: MountEntry) {
        if let old = mountTable.set(entry.path, entry) { forget(old) }
        digestSum &+= DigestKind.mount.hash { entry.write(to: &$0) }
        let bucket = entry.mount.bucketName(at: entry.path)
        bucketNames.insert(bucket.name, isExplicit: bucket.isExplicit, path: entry.path)
    }

    mutating func removeMount(_ entry: MountEntry) {
        mountTable.remove(entry.path)
        forget(entry)
    }

    mutating func originID(of identity: OriginIdentity) -> OriginID {
        let (id, isNew) = origins.id(of: identity)
        if isNew { digestSum &+= digest(ofOrigin: identity, id) }
        return id
    }

    func digest(ofOrigin identity: OriginIdentity, _ id: OriginID) -> UInt64 {
        DigestKind.origin.hash {
            $0.write(identity.canonical)
            $0.write(id.rawValue)
        }
    }

    private mutating func forget(_ entry: MountEntry) {
        digestSum &-= DigestKind.mount.hash { entry.write(to: &$0) }
        bucketNames.remove(entry.mount.bucketName(at: entry.path).name, path: entry.path)
    }
}
