// SPDX-License-Identifier: Apache-2.0

/// The cluster as one worker sees it, quorum or not.
///
/// Schema `cluster` of `GET /v1/openapi.json`.
package struct ClusterDocument: Codable, Hashable, Sendable {
    /// UUID.
    package var cluster: String
    /// Grows with every restore from a backup; 1 at first, 0 while the asked worker has no catalog yet.
    package var generation: UInt64
    package var revision: UInt64
    package var term: UInt64
    /// Name of the leader; `nil` while there is none.
    @Nullable package var leader: String?
    package var quorum: QuorumDocument
    package var voters: [VoterDocument]
    package var learners: [VoterDocument]
    /// Names of workers that pass the feed on.
    package var relays: [String]
    /// How many workers follow without a vote.
    package var observers: Int
    package var regions: [String: RegionSummaryDocument]
    /// What needs a person.
    package var alarms: [AlarmDocument]
    /// Who should vote, and what is done about it.
    @Nullable package var autopilot: AutopilotDocument?

    package init(
        cluster: String,
        generation: UInt64,
        revision: UInt64,
        term: UInt64,
        leader: String?,
        quorum: QuorumDocument,
        voters: [VoterDocument],
        learners: [VoterDocument] = [],
        relays: [String] = [],
        observers: Int,
        regions: [String: RegionSummaryDocument],
        alarms: [AlarmDocument] = [],
        autopilot: AutopilotDocument? = nil
    ) {
        self.cluster = cluster
        self.generation = generation
        self.revision = revision
        self.term = term
        self.leader = leader
        self.quorum = quorum
        self.voters = voters
        self.learners = learners
        self.relays = relays
        self.observers = observers
        self.regions = regions
        self.alarms = alarms
        self.autopilot = autopilot
    }
}

/// How many voters answered in the last second, and how many it takes.
package struct QuorumDocument: Codable, Hashable, Sendable {
    package var have: Int
    package var need: Int

    package init(
        have: Int,
        need: Int
    ) {
        self.have = have
        self.need = need
    }
}

/// One voter as the asked worker sees it.
package struct VoterDocument: Codable, Hashable, Sendable {
    package var name: String
    package var region: String
    package var zone: String
    package var reachable: Bool
    /// Log entries; `nil` where the asked worker cannot know.
    @Nullable package var trailsLeaderBy: UInt64?

    package init(
        name: String,
        region: String,
        zone: String,
        reachable: Bool,
        trailsLeaderBy: UInt64?
    ) {
        self.name = name
        self.region = region
        self.zone = zone
        self.reachable = reachable
        self.trailsLeaderBy = trailsLeaderBy
    }
}

/// One region's ring in short.
package struct RegionSummaryDocument: Codable, Hashable, Sendable {
    package var epoch: UInt64
    /// No page is still on its way to a new owner.
    package var settled: Bool
    /// Members of the ring.
    package var workers: Int

    package init(
        epoch: UInt64,
        settled: Bool,
        workers: Int
    ) {
        self.epoch = epoch
        self.settled = settled
        self.workers = workers
    }
}

/// Something that a person has to look at.
package struct AlarmDocument: Codable, Hashable, Sendable {
    /// A short constant word, the label of `tarn_alarm`.
    package var kind: String
    package var detail: String
    @Nullable package var since: Timestamp?

    package init(
        kind: String,
        detail: String,
        since: Timestamp? = nil
    ) {
        self.kind = kind
        self.detail = detail
        self.since = since
    }
}
