// SPDX-License-Identifier: Apache-2.0

/// Who should vote, and what the leader does next about it.
package struct AutopilotDocument: Codable, Hashable, Sendable {
    /// The largest loss to survive: `zone` or `region`.
    package var survive: String
    /// How many are to vote.
    package var voters: Int
    /// Names of workers that are to vote, and that are not to, because a person said so.
    package var promoted: [String]
    package var demoted: [String]
    /// `replace`, `shrink`, `grow` or `exchange`; `nil`: the votes are as they should be.
    @Nullable package var action: String?
    /// Names of those who lose their votes by it.
    package var leaving: [String]
    /// Names of those who get one.
    package var coming: [String]
    /// What for.
    @Nullable package var reason: String?
    /// Why it is not done yet; `nil`: it is being done, or there is nothing to do.
    @Nullable package var waitsFor: String?
    /// What the votes as they are do not survive although they should.
    @Nullable package var weakness: String?
    /// From where the cluster is led, and why; `nil` where that is left to chance.
    @Nullable package var leadership: String?

    package init(
        survive: String,
        voters: Int,
        promoted: [String] = [],
        demoted: [String] = [],
        action: String? = nil,
        leaving: [String] = [],
        coming: [String] = [],
        reason: String? = nil,
        waitsFor: String? = nil,
        weakness: String? = nil,
        leadership: String? = nil
    ) {
        self.survive = survive
        self.voters = voters
        self.promoted = promoted
        self.demoted = demoted
        self.action = action
        self.leaving = leaving
        self.coming = coming
        self.reason = reason
        self.waitsFor = waitsFor
        self.weakness = weakness
        self.leadership = leadership
    }
}

/// Body of `POST /v1/cluster/promote` and `…/demote`.
package struct VoteRequest: Codable, Hashable, Sendable {
    /// The worker's.
    package var name: String
    /// Only say what would happen.
    @Nullable package var dryRun: Bool?

    package init(name: String, dryRun: Bool? = nil) {
        self.name = name
        self.dryRun = dryRun
    }
}

/// What becomes of a worker's vote.
package struct VoteAnswer: Codable, Hashable, Sendable {
    package var name: String
    /// What happens, or would, in a sentence.
    package var effect: String
    /// Whether it was written down, not only asked.
    package var accepted: Bool

    package init(name: String, effect: String, accepted: Bool) {
        self.name = name
        self.effect = effect
        self.accepted = accepted
    }
}

/// Body of `POST /v1/cluster/update`; what is absent stays, but for `voters`.
package struct ClusterUpdateRequest: Codable, Hashable, Sendable {
    /// `zone` or `region`.
    @Nullable package var survive: String?
    /// 1, 3, 5 or 7; absent: as many as the goal takes, if there is a new goal.
    @Nullable package var voters: Int?
    /// Forget what was promoted and demoted.
    @Nullable package var forgetWishes: Bool?

    package init(survive: String? = nil, voters: Int? = nil, forgetWishes: Bool? = nil) {
        self.survive = survive
        self.voters = voters
        self.forgetWishes = forgetWishes
    }
}

/// Who should vote from now on.
package struct ClusterUpdateAnswer: Codable, Hashable, Sendable {
    /// `zone` or `region`.
    package var survive: String
    package var voters: Int
    package var revision: UInt64

    package init(survive: String, voters: Int, revision: UInt64) {
        self.survive = survive
        self.voters = voters
        self.revision = revision
    }
}
