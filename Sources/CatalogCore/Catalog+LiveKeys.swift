// SPDX-License-Identifier: Apache-2.0

package import Primitives

extension Catalog {
    /// Every key that exists and begins with `prefix`, in bytewise order of keys.
    ///
    /// What a watch with `state=true` starts with; each with the revision of its last change.
    /// O(log n + result) where the prefix reaches into a key space.
    package func liveKeys(prefix: ByteString) -> [CatalogChange] {
        var found: [CatalogChange] = []
        func add(_ key: ByteString, _ revision: Revision, _ value: CatalogValue) {
            guard key.hasPrefix(prefix) else { return }
            found.append(CatalogChange(revision: revision, key: key, value: value, hasMore: false))
        }
        Self.scan(credentialTable, below: CatalogKey.credentials, prefix) { name, stored in
            let entry = stored.entry
            add(CatalogKey.credentials + name, entry.modRevision, .credential(entry))
        }
        Self.scan(jobs, below: CatalogKey.jobs, prefix) { id, job in
            add(CatalogKey.jobs + id, job.modRevision, .job(job))
        }
        Self.scan(mountTable, below: CatalogKey.mounts, prefix) { path, entry in
            add(CatalogKey.mounts + path, entry.modRevision, .mount(entry))
        }
        Self.scan(ringsByRegion, below: CatalogKey.rings, prefix) { region, ring in
            add(CatalogKey.rings + region, ring.modRevision, .ring(ring))
        }
        if let cluster { add(CatalogKey.voters, clusterRevision, .cluster(cluster)) }
        Self.scan(workersByName, below: CatalogKey.workers, prefix) { name, worker in
            add(CatalogKey.workers + name, worker.modRevision, .worker(worker))
        }
        return found
    }

    /// Visits the part of one key space that a key prefix reaches.
    private static func scan<Value>(
        _ map: OrderedMap<ByteString, Value>,
        below space: ByteString,
        _ prefix: ByteString,
        _ body: (ByteString, Value) -> Void
    ) {
        let isInside = prefix.hasPrefix(space)
        guard isInside || space.hasPrefix(prefix) else { return }
        let start = isInside ? prefix.dropFirst(space.count) : ByteString()
        map.forEach(from: start) { element in
            guard element.key.hasPrefix(start) else { return false }
            body(element.key, element.value)
            return true
        }
    }
}
