// SPDX-License-Identifier: Apache-2.0

import Primitives

extension Catalog {
    /// Takes a first look at a cluster: identity, voters' workers as nodes 1…n, a ring a region.
    mutating func form(
        _ entry: ClusterEntry,
        _ registrations: [WorkerRegistration]
    ) throws(CatalogRefusal) -> Application {
        if let cluster {
            guard cluster.id == entry.id else { throw .alreadyFormed(cluster.id) }
            return Application(.clusterFormed)
        }
        try Self.check(entry, registrations)

        revision = revision.next
        store(entry, at: revision)
        for registration in registrations { store(admit(registration, as: .active)) }
        let regions = workers.map(\.region).sorted(by: precedes).removingRepetitions()
        for region in regions { store(firstRing(of: region)) }
        return Application(
            .clusterFormed,
            changes: changes(liveKeys(prefix: ByteString()).map { ($0.key, $0.value) })
        )
    }

    /// Admits a new worker, or takes over what an admitted one says about itself now.
    mutating func register(
        _ registration: WorkerRegistration
    ) throws(CatalogRefusal) -> Application {
        try Self.check(registration)
        if let known = worker(store: registration.store) { return try update(known, registration) }
        if let retired = retiredStores[registration.store.key] { throw .storeRetired(retired.node) }
        if let holder = worker(named: registration.name) {
            throw .nameTaken(by: holder.store, node: holder.id)
        }
        try requireRoomForWorker()

        revision = revision.next
        let worker = admit(registration, as: .joining)
        store(worker)
        return Application(
            .worker(worker),
            changes: changes([(CatalogKey.worker(worker.name), .worker(worker))])
        )
    }

    /// Puts a registered worker on its region's ring.
    mutating func activate(_ id: NodeID) throws(CatalogRefusal) -> Application {
        guard var worker = worker(id: id) else { throw .noSuchWorker }
        switch worker.state {
        case .active: return Application(.worker(worker))
        case .joining, .suspended: break
        case .draining, .drained, .removed:
            throw .badValue("worker '\(worker.name)' is \(worker.state.text)")
        }

        revision = revision.next
        worker.state = .active
        worker.modRevision = revision
        store(worker)
        return Application(
            .worker(worker),
            changes: changes(
                [(CatalogKey.worker(worker.name), .worker(worker))]
                    + updateRings([worker.region], for: worker)
            )
        )
    }

    // MARK: - Private

    private mutating func update(
        _ known: WorkerEntry,
        _ registration: WorkerRegistration
    ) throws(CatalogRefusal) -> Application {
        guard isSame(known.name, registration.name) else {
            throw .badValue(
                "store \(known.store) is registered as '\(known.name)', not '\(registration.name)'"
            )
        }
        guard known.state != .removed else { throw .badValue("'\(known.name)' was removed") }
        var worker = known
        worker.region = registration.region
        worker.zone = registration.zone
        worker.addresses = registration.addresses
        worker.capacity = registration.capacity
        worker.version = registration.version
        worker.startedAtUnixMS = registration.startedAtUnixMS
        guard worker != known else { return Application(.worker(known)) }

        revision = revision.next
        worker.modRevision = revision
        store(worker)
        let isRingMoved =
            worker.state == .active
            && (worker.region, worker.zone, worker.capacity)
                != (known.region, known.zone, known.capacity)
        let regions = isRingMoved ? [known.region, worker.region].removingRepetitions() : []
        return Application(
            .worker(worker),
            changes: changes(
                [(CatalogKey.worker(worker.name), .worker(worker))]
                    + updateRings(regions, for: worker)
            )
        )
    }

    func requireRoomForWorker() throws(CatalogRefusal) {
        guard workersByName.count + retiredStores.count < CatalogLimits.workerCount else {
            throw .full("at most \(CatalogLimits.workerCount) workers, retired ones included")
        }
    }

    mutating func admit(
        _ registration: WorkerRegistration,
        as state: WorkerEntry.State
    ) -> WorkerEntry {
        defer { nextNode += 1 }
        return WorkerEntry(
            id: NodeID(nextNode),
            store: registration.store,
            name: registration.name,
            region: registration.region,
            zone: registration.zone,
            state: state,
            addresses: registration.addresses,
            capacity: registration.capacity,
            version: registration.version,
            startedAtUnixMS: registration.startedAtUnixMS,
            modRevision: revision
        )
    }
}

// MARK: - Rings

extension Catalog {
    private func firstRing(of region: String) -> RingEntry {
        let members = workers.filter { isSame($0.region, region) && $0.state == .active }
        return RingEntry(
            region: region,
            epoch: RingEpoch(1),
            members: members.map(\.ringMember).sorted { $0.id < $1.id },
            previous: [],
            modRevision: revision
        )
    }

    /// Gives every ring its region's active workers and an epoch that is `leap` later, and a region that
    /// has none its first ring (invariant 3).
    mutating func refreshRings(leap: UInt64) {
        let regions = (workers.map(\.region) + rings.map(\.region)).sorted(by: precedes)
        for region in regions.removingRepetitions() {
            let fresh = firstRing(of: region)
            guard let old = ring(region: region) else {
                if !fresh.members.isEmpty { store(fresh) }
                continue
            }
            store(
                RingEntry(
                    region: region,
                    epoch: RingEpoch(old.epoch.rawValue + leap),
                    members: fresh.members,
                    previous: old.members == fresh.members ? old.previous : old.predecessors,
                    modRevision: revision
                )
            )
        }
    }

    /// Gives each region's ring its next epoch, with `worker` where it belongs (invariant 3).
    mutating func updateRings(
        _ regions: [String],
        for worker: WorkerEntry
    ) -> [(key: ByteString, value: CatalogValue?)] {
        regions.map { region in
            let old = ringsByRegion[ByteString(region)]
            var members = (old?.members ?? []).filter { $0.id != worker.id }
            if isSame(worker.region, region), worker.state == .active {
                let place = members.firstIndex { $0.id > worker.id } ?? members.endIndex
                members.insert(worker.ringMember, at: place)
            }
            let ring = RingEntry(
                region: region,
                epoch: (old?.epoch ?? .zero).next,
                members: members,
                previous: old?.predecessors ?? [],
                modRevision: revision
            )
            store(ring)
            return (CatalogKey.ring(region), .ring(ring))
        }
    }
}

extension WorkerEntry {
    fileprivate var ringMember: RingEntry.Member {
        RingEntry.Member(id: id, name: name, zone: zone, capacity: capacity)
    }
}

extension RingEntry {
    /// What the next ring remembers: this one's members and what it remembers itself.
    fileprivate var predecessors: [PreviousRing] {
        let own = members.isEmpty ? [] : [PreviousRing(epoch: epoch, members: members)]
        return Array((own + previous).prefix(CatalogLimits.previousRings))
    }
}
