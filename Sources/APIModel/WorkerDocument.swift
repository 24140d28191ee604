// SPDX-License-Identifier: Apache-2.0

/// A worker: what the catalog holds and what is known about it right now.
///
/// Schema `worker` of `GET /v1/openapi.json`. Members that no catalog holds (liveness, use) are
/// `null` where nobody knows, as in watch lines.
package struct WorkerDocument: Codable, Hashable, Sendable {
    package var name: String
    /// Node id, never reused.
    package var id: UInt64
    /// UUID of its data directory.
    package var store: String
    package var region: String
    package var zone: String
    /// `joining`, `active`, `suspended`, `draining`, `drained` or `removed`.
    package var state: String
    /// `alive`, `suspect` or `dead`.
    @Nullable package var liveness: String?
    /// `voter`, `relay` or `observer`.
    @Nullable package var role: String?
    package var addresses: WorkerAddressesDocument
    /// Bytes its cache may hold.
    package var capacity: UInt64
    /// Bytes its cache holds.
    @Nullable package var used: UInt64?
    /// Pages its cache holds.
    @Nullable package var pages: UInt64?
    /// Epoch of its region's ring.
    @Nullable package var epoch: UInt64?
    /// Release it runs.
    package var version: String
    package var startedAt: Timestamp
    /// Revision of the last change to its catalog entry.
    package var modRevision: UInt64

    package init(
        name: String,
        id: UInt64,
        store: String,
        region: String,
        zone: String,
        state: String,
        liveness: String? = nil,
        role: String? = nil,
        addresses: WorkerAddressesDocument,
        capacity: UInt64,
        used: UInt64? = nil,
        pages: UInt64? = nil,
        epoch: UInt64? = nil,
        version: String,
        startedAt: Timestamp,
        modRevision: UInt64
    ) {
        self.name = name
        self.id = id
        self.store = store
        self.region = region
        self.zone = zone
        self.state = state
        self.liveness = liveness
        self.role = role
        self.addresses = addresses
        self.capacity = capacity
        self.used = used
        self.pages = pages
        self.epoch = epoch
        self.version = version
        self.startedAt = startedAt
        self.modRevision = modRevision
    }
}

/// Where a worker listens: `host:port` each, and the path of its unix socket.
package struct WorkerAddressesDocument: Codable, Hashable, Sendable {
    package var http: String
    @Nullable package var s3: String?
    package var data: String
    package var peer: String
    @Nullable package var socket: String?

    package init(
        http: String,
        s3: String?,
        data: String,
        peer: String,
        socket: String?
    ) {
        self.http = http
        self.s3 = s3
        self.data = data
        self.peer = peer
        self.socket = socket
    }
}
