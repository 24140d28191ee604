// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// How a new cluster goes on from what an old one held.
///
///     revision R of generation g, voters v…  ─►  revision R + 2³² of generation g + 1, one voter
///
/// The same mounts, origins with their ids, workers with their node ids: so caches stay warm and pages
/// stay where they are looked for. Every voter's store but the founder's is retired: whoever it belonged
/// to must not come back with what it has promised.
///
/// Whatever is counted leaps, by more than the old cluster can have gone on behind what was kept of it:
/// what it gave to something that was lost is never given to another thing. (Pages that a cache has of a
/// lost origin must not be taken for another one's.)
extension Catalog {
    /// What revisions and log indexes leap by.
    ///
    /// So every watch that begins in the old cluster is told to load the state anew.
    package static let successionLeap: UInt64 = 1 << 32
    /// What ids and epochs leap by: more than ``CatalogLimits/originCount`` and
    /// ``CatalogLimits/workerCount``, which bound what was ever given.
    package static let identifierLeap: UInt64 = 1 << 20

    /// What can be gone on from: the numbers have a bound when they are read (`ByteReader.counter`).
    private static let lastRevision: UInt64 = 1 << 61

    /// The worker that a new cluster begins with, as its only voter.
    package enum Founder: Hashable, Sendable {
        /// A worker of the old cluster, with the store that it has there.
        case survivor(StoreID)
        /// A worker that the old cluster did not know; takes over the name if another store has it.
        case newcomer(WorkerRegistration)
    }

    /// The first state of the cluster that goes on from this one.
    ///
    /// - Parameters:
    ///   - cluster: The new cluster's id.
    ///   - founder: Its only voter.
    ///   - voters: Nodes that had a vote, or were about to, beside those of the catalog.
    /// - Returns: The catalog of the new cluster; this one stays as it is.
    /// - Throws: ``CatalogRefusal``: there is no cluster to go on from, the founder is not fit, or
    ///   the counters are at their end.
    package func beginningAnew(
        as cluster: ClusterID,
        founder: Founder,
        retiring voters: [NodeID] = []
    ) throws(CatalogRefusal) -> Catalog {
        guard let old = self.cluster else { throw .badValue("it holds no cluster") }
        let isCountable =
            revision.rawValue <= Self.lastRevision && nextNode <= Self.lastRevision
            && origins.nextID <= Self.lastRevision
        guard isCountable else {
            throw .full("revision \(revision) is at the end of what can be counted")
        }
        var next = self
        next.revision = Revision(revision.rawValue + Self.successionLeap)
        next.nextNode += Self.identifierLeap
        next.origins = OriginTable(ids: origins.ids, nextID: origins.nextID + Self.identifierLeap)
        let node = try next.seat(founder, retiring: old.voters + voters)
        next.refreshRings(leap: Self.identifierLeap)
        let ancestor = ClusterAncestor(
            cluster: old.id,
            generation: old.generation,
            revision: revision
        )
        let entry = ClusterEntry(
            id: cluster,
            generation: old.generation + 1,
            survival: old.survival,
            timing: old.timing,
            featureLevel: old.featureLevel,
            voters: [node],
            voterCount: old.voterCount,
            wishes: old.wishes.filter { next.worker(id: $0.node) != nil },
            lineage: Array(([ancestor] + old.lineage).prefix(ClusterEntry.longestLineage)),
            handoff: old.handoff
        )
        next.store(entry, at: next.revision)
        return next
    }

    /// Retires the other voters and gives the founder its place.
    private mutating func seat(
        _ founder: Founder,
        retiring voters: [NodeID]
    ) throws(CatalogRefusal) -> NodeID {
        let survivor: WorkerEntry?
        switch founder {
        case .survivor(let store):
            guard let entry = worker(store: store), entry.state != .removed else {
                throw .badValue("store \(store) is no worker's")
            }
            survivor = entry
        case .newcomer(let registration):
            try Self.check(registration)
            survivor = nil
            if let known = retired(store: registration.store) { throw .storeRetired(known.node) }
            guard worker(store: registration.store) == nil else {
                throw .badValue("store \(registration.store) is a worker's already")
            }
            if let holder = worker(named: registration.name) { retire(holder) }
        }
        for node in voters where node != survivor?.id {
            if let voter = worker(id: node) { retire(voter) }
        }
        if var survivor {
            survivor.state = .active
            survivor.modRevision = revision
            store(survivor)
            return survivor.id
        }
        guard case .newcomer(let registration) = founder else {
            preconditionFailure("a founder is a survivor or a newcomer")
        }
        try requireRoomForWorker()
        let worker = admit(registration, as: .active)
        store(worker)
        return worker.id
    }

    private mutating func retire(_ worker: WorkerEntry) {
        removeReport(of: worker.id)
        remove(worker)
        store(RetiredStore(store: worker.store, node: worker.id, name: worker.name))
    }
}
