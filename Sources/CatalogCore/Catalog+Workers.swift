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

    /// A registered worker is ready to own pages: its region's next ring has it.
    mutating func activate(_ id: NodeID) throws(CatalogRefusal) -> Application {
        guard let worker = worker(id: id) else { throw .noSuchWorker }
        switch worker.state {
        case .active: return Application(.worker(worker))
        case .joining, .suspended: return enter(.active, worker)
        case .draining, .drained, .removed:
            throw .badValue("worker '\(worker.name)' is \(worker.state.text)")
        }
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
        return Application(
            .worker(worker),
            changes: changes([(CatalogKey.worker(worker.name), .worker(worker))])
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
            sinceMS: elapsedMS,
            modRevision: revision
        )
    }
}
