// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// Asks a leader for other members of the consensus.
///
/// Made from what the asker saw: a leader whose members are others by now refuses it, so two askers
/// never undo each other's work.
package struct MembershipChange: Sendable, Hashable {
    /// The members this change was made for.
    package let expected: VoterSet
    /// Who votes afterwards: 1 to ``voterLimit``, each a learner or a voter before.
    package let voters: [Voter]
    /// Who gets the log without a vote afterwards.
    package let learners: [Voter]
    package let priorities: [VoterSet.Priority]

    /// Most voters of one configuration; more make every decision slower and none safer.
    package static let voterLimit = 7

    package init(
        expected: VoterSet,
        voters: [Voter],
        learners: [Voter] = [],
        priorities: [VoterSet.Priority] = []
    ) {
        self.expected = expected
        self.voters = voters.sorted()
        self.learners = learners.sorted()
        self.priorities = priorities
    }

    /// The members once the change is through.
    var target: VoterSet {
        VoterSet(incoming: voters, learners: learners, priorities: priorities)
    }

    /// The configuration to append: at once the target where no vote changes, else both (Raft §6).
    var entry: VoterSet {
        if voters == expected.incoming { return target }
        return VoterSet(
            incoming: voters,
            outgoing: expected.incoming,
            learners: learners,
            priorities: priorities
        )
    }

    /// Whether no node appears twice, and there is a sensible number of each.
    var isWellFormed: Bool {
        let nodes = (voters + learners).map(\.node).sorted()
        let isRepeated = zip(nodes, nodes.dropFirst()).contains { $0 == $1 }
        return (1...Self.voterLimit).contains(voters.count) && !isRepeated
            && learners.count <= VoterSet.memberLimit && priorities.count <= VoterSet.memberLimit
    }
}

/// Why members were not changed.
///
/// Nothing was appended.
package enum MembershipRefusal: Error, Sendable, Equatable {
    case notLeader(hint: NodeID?)
    /// Leadership is being handed over.
    case transferring
    case noQuorum
    /// The leader has not committed an entry of its own term yet; soon it will have.
    ///
    /// Before that it cannot know whether another leader's change is committed (Ongaro, 2015).
    case tooEarly
    /// The change before is not committed, or not left its joint configuration.
    case underWay
    /// The members are others than expected.
    case superseded(by: VoterSet)
    /// These are to vote and trail too far, or were not heard from within an election timeout.
    case notCaughtUp([Voter])
    /// A node twice, or no voter, or too many.
    case malformed
}
