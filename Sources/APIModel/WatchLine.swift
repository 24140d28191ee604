// SPDX-License-Identifier: Apache-2.0

/// One line of `GET /v1/watch`.
///
/// - Source: `Docs/http-api.md`, "Watches".
package enum WatchLine: Hashable, Sendable {
    /// A live key at the start of a watch with `state=true`.
    case state(revision: UInt64, key: String, value: WatchValue)
    case put(revision: UInt64, key: String, value: WatchValue, hasMore: Bool)
    case delete(revision: UInt64, key: String, hasMore: Bool)
    /// Everything up to and with this revision was sent.
    case progress(revision: UInt64)
    /// The watcher was too slow; it may come back from this revision.
    case closed(resumeFrom: UInt64)
}

/// What a watched key holds, by key space.
package enum WatchValue: Hashable, Sendable {
    /// Below `mounts/`.
    case mount(MountDocument)
    /// Below `workers/`.
    case worker(WorkerDocument)
    /// Below `rings/`.
    case ring(RingDocument)
    /// Below `credentials/`; never with a value.
    case credential(CredentialDocument)
    /// The key `voters`.
    case voters(VotersDocument)
    /// Below `jobs/`.
    case job(JobDocument)
}

/// Value of the watch key `voters`: who the cluster is and who votes in it.
package struct VotersDocument: Codable, Hashable, Sendable {
    /// UUID.
    package var cluster: String
    package var generation: UInt64
    /// `zone` or `region`.
    package var survive: String
    /// `lan` or `wan`.
    package var timing: String
    package var featureLevel: UInt32
    /// Node ids of the initial voters.
    package var voters: [UInt64]

    package init(
        cluster: String,
        generation: UInt64,
        survive: String,
        timing: String,
        featureLevel: UInt32,
        voters: [UInt64]
    ) {
        self.cluster = cluster
        self.generation = generation
        self.survive = survive
        self.timing = timing
        self.featureLevel = featureLevel
        self.voters = voters
    }
}
