// SPDX-License-Identifier: Apache-2.0
import CatalogCore
package import ElasticCore
package import PeerTransport
package import Primitives

/// Bounds that production leaves alone and tests make small.
package struct CoordinationLimits: Sendable {
    /// Entries applied, and bytes of them, after which the catalog is saved and the log shortened.
    package var snapshotEntries = 10_000
    package var snapshotBytes = 16 << 20
    /// Entries kept in memory behind a snapshot, for followers that are a little late.
    package var trailingEntries: UInt64 = 5_000
    /// Entries from one comparison of the voters' catalogs to the next; the same on all of them.
    package var digestEntries: UInt64 = 1_024
    /// Commands kept for followers of the feed.
    package var feedCount = 20_000
    /// Length of one file of the log, in bytes; a start reads each whole.
    package var logSegmentBytes = 4 << 20
    /// How often one file of the log is read again, in milliseconds.
    package var scrubIntervalMS = 60_000
    /// How long a voter may be silent before another worker gets its vote, in milliseconds.
    package var voterPatienceMS = VoterPlan.patienceMS
    /// How long a silent worker keeps its place on the ring, and a ring waits for further changes.
    package var ringPatience = RingSteward.Patience()
    /// How often the catalog is copied into the data directory where it has changed, in milliseconds.
    package var backupIntervalMS: UInt64 = 600_000

    package init() {}
}

/// What a worker's coordination is told at its start.
package struct CoordinationSettings: Sendable {
    package let store: StoreID
    package let name: String
    package let region: String
    package let zone: String
    /// Bytes that the cache disks may hold together.
    package let capacity: UInt64
    package let version: String
    /// Milliseconds since 1970 by this worker's clock.
    package let startedAtUnixMS: UInt64
    /// Peers to look for; may name this worker itself.
    package let join: [PeerAddress]
    /// What this worker's cache holds now: bytes and pages, for status.
    package let load: @Sendable () -> (usedBytes: UInt64, pages: UInt64)
    /// Milliseconds of a clock that never goes back.
    package let now: @Sendable () -> UInt64
    package let limits: CoordinationLimits

    package init(
        store: StoreID,
        name: String,
        region: String,
        zone: String,
        capacity: UInt64,
        version: String,
        startedAtUnixMS: UInt64,
        join: [PeerAddress],
        load: @escaping @Sendable () -> (usedBytes: UInt64, pages: UInt64),
        now: @escaping @Sendable () -> UInt64,
        limits: CoordinationLimits = CoordinationLimits()
    ) {
        self.store = store
        self.name = name
        self.region = region
        self.zone = zone
        self.capacity = capacity
        self.version = version
        self.startedAtUnixMS = startedAtUnixMS
        self.join = join
        self.load = load
        self.now = now
        self.limits = limits
    }

    /// This worker as it wants to be registered, listening at `addresses`.
    func registration(at addresses: WorkerAddresses?) -> WorkerRegistration {
        WorkerRegistration(
            store: store,
            name: name,
            region: region,
            zone: zone,
            addresses: addresses
                ?? WorkerAddresses(http: "", s3: nil, data: "", peer: "", socket: nil),
            capacity: capacity,
            version: version,
            startedAtUnixMS: startedAtUnixMS
        )
    }
}
