// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// Who this cluster is, who votes in it, and who should.
package struct ClusterEntry: Hashable, Sendable {
    package enum Survival: UInt8, Sendable { case zone = 0, region = 1 }
    package enum Timing: UInt8, Sendable { case lan = 0, wan = 1 }

    package let id: ClusterID
    package let generation: UInt64
    /// The largest loss that the voters are to survive.
    package internal(set) var survival: Survival
    package let timing: Timing
    /// Which commands every member understands; 1 is the first.
    package let featureLevel: UInt32
    /// Who votes, as the last committed configuration entry of the log says.
    package internal(set) var voters: [NodeID]
    /// How many are to vote, if a person said so: 1, 3, 5 or 7; 0: as many as ``survival`` takes.
    package internal(set) var voterCount: UInt8
    /// What people said about single workers, in the order of their ids.
    package internal(set) var wishes: [VoteWish]
    /// The clusters that this one goes on from, its parent first; at most ``longestLineage``.
    package let lineage: [ClusterAncestor]
    /// How fast pages move between workers.
    package internal(set) var handoff: HandoffSettings

    /// Ancestors that are remembered; each took a disaster.
    package static let longestLineage = 16

    package init(
        id: ClusterID,
        generation: UInt64,
        survival: Survival,
        timing: Timing,
        featureLevel: UInt32,
        voters: [NodeID],
        voterCount: UInt8 = 0,
        wishes: [VoteWish] = [],
        lineage: [ClusterAncestor] = [],
        handoff: HandoffSettings = HandoffSettings()
    ) {
        self.id = id
        self.generation = generation
        self.survival = survival
        self.timing = timing
        self.featureLevel = featureLevel
        self.voters = voters
        self.voterCount = voterCount
        self.wishes = wishes.sorted { $0.node < $1.node }
        self.lineage = lineage
        self.handoff = handoff
    }

    /// How many are to vote: what was said, else three, or five to survive a region.
    package var targetVoterCount: Int {
        if voterCount > 0 { return Int(voterCount) }
        return switch survival {
        case .zone: 3
        case .region: 5
        }
    }

    /// What was said about a worker's vote; `nil`: whatever serves the cluster best.
    package func wish(for node: NodeID) -> VoteWish.Kind? {
        wishes.first { $0.node == node }?.kind
    }
}

/// What a person said about one worker's vote: `cluster promote`, `cluster demote`.
package struct VoteWish: Hashable, Sendable {
    package enum Kind: UInt8, Sendable {
        /// Is to vote, wherever it stands.
        case promoted = 1
        /// Is not to vote.
        case demoted = 2
    }

    package let node: NodeID
    package let kind: Kind

    package init(node: NodeID, kind: Kind) {
        self.node = node
        self.kind = kind
    }
}

/// A change of who should vote, as a person asks for it.
package enum VotingChange: Hashable, Sendable {
    /// Which loss to survive, and with how many voters: 1, 3, 5, 7, or 0 for as many as that takes.
    case goal(ClusterEntry.Survival, voterCount: UInt8)
    case wish(VoteWish)
    /// Nothing is wished of any worker any more.
    case forgetWishes

    /// Voter counts that may be asked for; odd, because one more voter than an odd number tolerates no
    /// further loss.
    package static let voterCounts: [UInt8] = [1, 3, 5, 7]
}
