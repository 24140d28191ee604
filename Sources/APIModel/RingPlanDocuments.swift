// SPDX-License-Identifier: Apache-2.0

/// Body of `POST /v1/ring/plan`: what is to be thought through, in this order.
package struct RingPlanRequest: Codable, Hashable, Sendable {
    package struct Change: Codable, Hashable, Sendable {
        /// `add`, `drain`, `remove` or `reweight`.
        package var action: String
        /// The worker's.
        package var name: String
        /// Bytes; of `add` and `reweight` alone.
        @Nullable package var capacity: UInt64?
        /// Of `add` alone; absent: a zone of its own.
        @Nullable package var zone: String?

        package init(action: String, name: String, capacity: UInt64? = nil, zone: String? = nil) {
            self.action = action
            self.name = name
            self.capacity = capacity
            self.zone = zone
        }
    }

    package var changes: [Change]

    package init(changes: [Change]) { self.changes = changes }
}

/// What a change of a region's workers would move, as far as can be said beforehand.
package struct RingPlanDocument: Codable, Hashable, Sendable {
    package struct Worker: Codable, Hashable, Sendable {
        package var name: String
        /// Bytes.
        package var capacity: UInt64
        /// Percent of all units owned first; `nil`: not on the ring.
        @Nullable package var shareBefore: Double?
        @Nullable package var shareAfter: Double?
        /// Bytes held.
        package var usedBefore: UInt64
        package var usedAfter: UInt64

        package init(
            name: String,
            capacity: UInt64,
            shareBefore: Double?,
            shareAfter: Double?,
            usedBefore: UInt64,
            usedAfter: UInt64
        ) {
            self.name = name
            self.capacity = capacity
            self.shareBefore = shareBefore
            self.shareAfter = shareAfter
            self.usedBefore = usedBefore
            self.usedAfter = usedAfter
        }
    }

    package var region: String
    package var epoch: UInt64
    package var workers: [Worker]
    /// Pages and bytes that would move between workers.
    package var pages: UInt64
    package var bytes: UInt64
    /// Of workers that are removed without giving anything away.
    package var lostPages: UInt64
    package var lostBytes: UInt64
    /// Bytes a second that each worker sends.
    package var rate: UInt64
    /// Until the busiest worker is done; `nil` while nothing moves.
    @Nullable package var seconds: UInt64?
    /// What becomes of the vote of a worker that is drained; `nil`: it has none.
    @Nullable package var vote: String?
    package var warnings: [String]
    /// Why it would be refused.
    package var refusals: [String]

    package init(
        region: String,
        epoch: UInt64,
        workers: [Worker],
        pages: UInt64,
        bytes: UInt64,
        lostPages: UInt64,
        lostBytes: UInt64,
        rate: UInt64,
        seconds: UInt64?,
        vote: String? = nil,
        warnings: [String],
        refusals: [String]
    ) {
        self.region = region
        self.epoch = epoch
        self.workers = workers
        self.pages = pages
        self.bytes = bytes
        self.lostPages = lostPages
        self.lostBytes = lostBytes
        self.rate = rate
        self.seconds = seconds
        self.vote = vote
        self.warnings = warnings
        self.refusals = refusals
    }
}

/// Body of `POST /v1/workers/NAME/drain`.
package struct DrainRequest: Codable, Hashable, Sendable {
    /// Bytes a second that the worker may send; absent: as every other worker.
    @Nullable package var rate: UInt64?
    /// Whatever would not fit.
    @Nullable package var force: Bool?
    /// Only say what would happen.
    @Nullable package var dryRun: Bool?

    package init(rate: UInt64? = nil, force: Bool? = nil, dryRun: Bool? = nil) {
        self.rate = rate
        self.force = force
        self.dryRun = dryRun
    }
}

/// Body of `POST /v1/cluster/rebalance`; absent members stay as they are.
package struct RebalanceRequest: Codable, Hashable, Sendable {
    package var paused: Bool?
    /// Bytes a second that each worker may send, at least 1 MiB.
    package var rate: UInt64?

    package init(paused: Bool? = nil, rate: UInt64? = nil) {
        self.paused = paused
        self.rate = rate
    }
}

/// How far pages are on their way between workers: `GET /v1/cluster/rebalance`.
package struct RebalanceDocument: Codable, Hashable, Sendable {
    package struct Region: Codable, Hashable, Sendable {
        package var region: String
        package var epoch: UInt64
        package var settled: Bool
        /// Earlier rings whose pages may not have moved yet.
        package var unsettled: Int
        package var heldFor: [String]
        /// Names of those who have not said that they are done.
        package var waitsFor: [String]
        package var remainingPages: UInt64
        package var remainingBytes: UInt64

        package init(
            region: String,
            epoch: UInt64,
            settled: Bool,
            unsettled: Int,
            heldFor: [String],
            waitsFor: [String],
            remainingPages: UInt64,
            remainingBytes: UInt64
        ) {
            self.region = region
            self.epoch = epoch
            self.settled = settled
            self.unsettled = unsettled
            self.heldFor = heldFor
            self.waitsFor = waitsFor
            self.remainingPages = remainingPages
            self.remainingBytes = remainingBytes
        }
    }

    package var paused: Bool
    package var rate: UInt64
    package var regions: [Region]
    /// Those under way.
    package var jobs: [JobDocument]

    package init(paused: Bool, rate: UInt64, regions: [Region], jobs: [JobDocument]) {
        self.paused = paused
        self.rate = rate
        self.regions = regions
        self.jobs = jobs
    }
}
