// SPDX-License-Identifier: Apache-2.0
package import APIModel
package import CatalogCore
package import Coordination
import Primitives

extension WorkerDocument {
    /// What the catalog holds about a worker, as watch lines carry it.
    package init(_ entry: WorkerEntry) {
        self.init(
            name: entry.name,
            id: entry.id.rawValue,
            store: "\(entry.store)",
            region: entry.region,
            zone: entry.zone,
            state: entry.state.text,
            addresses: WorkerAddressesDocument(entry.addresses),
            capacity: entry.capacity,
            version: entry.version,
            startedAt: Timestamp(unixMilliseconds: entry.startedAtUnixMS),
            modRevision: entry.modRevision.rawValue
        )
    }

    /// The same with what is known about the worker right now.
    package init(_ entry: WorkerEntry, catalog: Catalog, status: CoordinationStatus) {
        self.init(entry)
        let health = status.workers.first { $0.name == entry.name }
        liveness = health?.liveness.rawValue
        used = health?.usedBytes
        pages = health?.pages
        epoch = catalog.ring(region: entry.region)?.epoch.rawValue
        role =
            if status.voters.contains(where: { $0.node == entry.id }) {
                "voter"
            } else {
                status.relays.contains(entry.id) ? "relay" : "observer"
            }
    }
}

extension WorkerAddressesDocument {
    fileprivate init(_ addresses: WorkerAddresses) {
        self.init(
            http: addresses.http,
            s3: addresses.s3,
            data: addresses.data,
            peer: addresses.peer,
            socket: addresses.socket
        )
    }
}
