// SPDX-License-Identifier: Apache-2.0

package import Primitives

// MARK: - Mounts

extension Catalog {
    /// At most ``CatalogLimits/mountCount``; O(1).
    package var mountCount: Int { mountTable.count }

    /// The mount at exactly this path; O(log n).
    package func mount(at path: ByteString) -> MountEntry? { mountTable[path] }

    /// Mounts in bytewise order of their paths: at most `limit`, behind `after`, which need not exist.
    package func mounts(after: ByteString? = nil, limit: Int = .max) -> [MountEntry] {
        var found: [MountEntry] = []
        mountTable.forEach(from: after) { path, entry in
            guard path != after else { return true }
            guard found.count < limit else { return false }
            found.append(entry)
            return true
        }
        return found
    }

    /// What was at a path, oldest first, also after its mount was taken away.
    ///
    /// Empty for a path that never had a mount, or whose past was given up. What is there now stands at
    /// the end even where its record was given up. At most ``CatalogLimits/revisionsPerMount`` and one.
    package func history(of path: ByteString) -> [MountRevision] {
        let known = mountHistory.revisions(of: path)
        guard let entry = mountTable[path], known.last?.revision != entry.modRevision else {
            return known
        }
        return known + [
            MountRevision(
                path: path,
                revision: entry.modRevision,
                madeAtUnixMS: 0,
                entry: entry
            )
        ]
    }

    /// Up to this revision nothing is known any more of what was at a path; 0: all is.
    package func historyHorizon(of path: ByteString) -> Revision {
        mountHistory.horizon(of: path)
    }

    /// Names directly below `path` that exist only because mounts lie at or below them, in bytewise
    /// order.
    ///
    /// `path` is `/` or a path without a trailing `/`; a mount at `path` itself does not count. A
    /// name that is a mount is included: `("/data")` gives `bucket_a` for a mount at
    /// `/data/bucket_a`. O(log n) a name.
    package func childrenOfVirtualDirectory(_ path: ByteString) -> [ByteString] {
        let prefix = path == "/" ? path : path + "/"
        var children: [ByteString] = []
        var position = prefix
        while let next = firstMount(from: position), next.hasPrefix(prefix) {
            let name = ByteString(next.bytes[prefix.count...].prefix { $0 != slash })
            children.append(name)
            // '0' follows '/': skips the whole subtree, but also "name-…", which sorts before it.
            position = followUp(of: next, child: prefix + name)
        }
        return children.sorted().removingRepetitions()
    }

    private func firstMount(from path: ByteString) -> ByteString? {
        var first: ByteString?
        mountTable.forEach(from: path) { found, _ in
            first = found
            return false
        }
        return first
    }

    /// Where to look on: behind the subtree below `child` if `path` lies in it, else behind `path`.
    private func followUp(of path: ByteString, child: ByteString) -> ByteString {
        path == child ? path + ByteString([0]) : child + ByteString([slash + 1])
    }
}

// MARK: - Workers and rings

extension Catalog {
    /// Workers in bytewise order of their names.
    package var workers: [WorkerEntry] { workersByName.values }

    /// O(log n).
    package func worker(named name: String) -> WorkerEntry? { workersByName[ByteString(name)] }

    /// O(log n).
    package func worker(id: NodeID) -> WorkerEntry? { namesByID[id].flatMap { workersByName[$0] } }

    /// O(log n).
    package func worker(store: StoreID) -> WorkerEntry? {
        namesByStore[store].flatMap { workersByName[$0] }
    }

    /// Who a store was before it was taken out of the cluster for good; O(log n).
    package func retired(store: StoreID) -> RetiredStore? { retiredStores[store.key] }

    /// Who had a node id that is nobody's any more; O(retired stores).
    package func retired(node: NodeID) -> RetiredStore? {
        retiredStores.values.first { $0.node == node }
    }

    /// The ring of a region; `nil` where no worker was ever active.
    package func ring(region: String) -> RingEntry? { ringsByRegion[ByteString(region)] }

    /// Rings in bytewise order of their regions.
    package var rings: [RingEntry] { ringsByRegion.values }
}

extension OrderedMap {
    var values: [Value] {
        var values: [Value] = []
        values.reserveCapacity(count)
        forEach { values.append($0.value) }
        return values
    }
}

extension Array where Element: Equatable {
    /// One of each run of equal neighbours.
    func removingRepetitions() -> Self {
        var kept: Self = []
        for element in self where element != kept.last { kept.append(element) }
        return kept
    }
}
