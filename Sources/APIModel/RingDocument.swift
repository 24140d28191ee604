// SPDX-License-Identifier: Apache-2.0

/// One region's ring at its epoch.
///
/// `GET /v1/ring?region=…` and the value of the watch key `rings/<region>`. Enough to compute
/// every page's owners: points are a function of id and capacity.
package struct RingDocument: Codable, Hashable, Sendable {
    package var region: String
    package var epoch: UInt64
    /// No earlier ring still has pages to hand over.
    package var settled: Bool
    /// Sorted by id.
    package var workers: [RingWorkerDocument]
    /// Rings that may still hold pages, newest first, at most 4.
    package var previous: [PreviousRingDocument]
    /// Names of silent members for which the ring is held: too many at once to go on without them.
    package var heldFor: [String]
    package var modRevision: UInt64

    package init(
        region: String,
        epoch: UInt64,
        settled: Bool,
        workers: [RingWorkerDocument],
        previous: [PreviousRingDocument],
        heldFor: [String] = [],
        modRevision: UInt64
    ) {
        self.region = region
        self.epoch = epoch
        self.settled = settled
        self.workers = workers
        self.previous = previous
        self.heldFor = heldFor
        self.modRevision = modRevision
    }
}

/// One member of a ring.
package struct RingWorkerDocument: Codable, Hashable, Sendable {
    package var name: String
    package var id: UInt64
    package var zone: String
    /// Bytes.
    package var capacity: UInt64
    /// Points on the ring: 64...4096.
    package var vnodes: Int
    /// Part of the hash space that it owns first, in percent.
    package var share: Double

    package init(
        name: String,
        id: UInt64,
        zone: String,
        capacity: UInt64,
        vnodes: Int,
        share: Double
    ) {
        self.name = name
        self.id = id
        self.zone = zone
        self.capacity = capacity
        self.vnodes = vnodes
        self.share = share
    }
}

/// An earlier ring of the same region.
package struct PreviousRingDocument: Codable, Hashable, Sendable {
    package var epoch: UInt64
    package var workers: [RingWorkerDocument]

    package init(
        epoch: UInt64,
        workers: [RingWorkerDocument]
    ) {
        self.epoch = epoch
        self.workers = workers
    }
}
