// SPDX-License-Identifier: Apache-2.0

/// A long operation: `GET /v1/jobs/ID`, and the value of the watch key `jobs/<id>`.
///
/// Schema `job` of `GET /v1/openapi.json`. Counts pages.
package struct JobDocument: Codable, Hashable, Sendable {
    package struct Failure: Codable, Hashable, Sendable {
        package var what: String
        package var why: String

        package init(what: String, why: String) {
            self.what = what
            self.why = why
        }
    }

    package var id: String
    /// `load`, `free`, `drain` or `rebalance`.
    package var kind: String
    /// `waiting`, `running`, `done`, `failed` or `cancelled`.
    package var state: String
    /// The cluster path it is about; `nil` for what moves pages between workers.
    @Nullable package var path: String?
    package var region: String
    /// The worker that is drained.
    @Nullable package var worker: String?
    package var total: UInt64
    package var done: UInt64
    package var bytesTotal: UInt64
    package var bytesDone: UInt64
    /// Bytes a second since it began.
    package var rate: UInt64
    /// `nil` where nobody can say.
    @Nullable package var etaSeconds: UInt64?
    /// Pages and bytes that were given up: they will be read from the origin again.
    package var leftPages: UInt64
    package var leftBytes: UInt64
    /// Whether a drained voter keeps its vote, because nobody else could have it.
    package var keepsVote: Bool
    package var failures: [Failure]
    package var createRevision: UInt64
    package var modRevision: UInt64

    /// Whether nothing more happens.
    package var isOver: Bool { ["done", "failed", "cancelled"].contains(state) }

    package init(
        id: String,
        kind: String,
        state: String,
        path: String? = nil,
        region: String,
        worker: String? = nil,
        total: UInt64,
        done: UInt64,
        bytesTotal: UInt64,
        bytesDone: UInt64,
        rate: UInt64,
        etaSeconds: UInt64?,
        leftPages: UInt64,
        leftBytes: UInt64,
        keepsVote: Bool,
        failures: [Failure],
        createRevision: UInt64,
        modRevision: UInt64
    ) {
        self.id = id
        self.kind = kind
        self.state = state
        self.path = path
        self.region = region
        self.worker = worker
        self.total = total
        self.done = done
        self.bytesTotal = bytesTotal
        self.bytesDone = bytesDone
        self.rate = rate
        self.etaSeconds = etaSeconds
        self.leftPages = leftPages
        self.leftBytes = leftBytes
        self.keepsVote = keepsVote
        self.failures = failures
        self.createRevision = createRevision
        self.modRevision = modRevision
    }
}
