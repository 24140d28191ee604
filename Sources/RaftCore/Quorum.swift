// SPDX-License-Identifier: Apache-2.0

import Primitives

/// Majority arithmetic: what a set of voters has decided, given what each of them has said.
///
/// In a joint configuration both halves must agree (Raft §6). Learners never count.
extension VoterSet {
    /// Everybody who counts in a decision, each once, sorted by node.
    package var deciders: [Voter] {
        outgoing.isEmpty
            ? incoming
            : (incoming + outgoing.filter { !incoming.contains($0) }).sorted()
    }

    /// Everybody who gets the log, each once, sorted by node.
    package var members: [Voter] {
        learners.isEmpty
            ? deciders : (deciders + learners.filter { !deciders.contains($0) }).sorted()
    }

    package func decides(_ voter: Voter) -> Bool {
        incoming.contains(voter) || outgoing.contains(voter)
    }

    /// The largest value that a quorum has reached, if each voter has reached `value(voter)`.
    ///
    ///     min over both halves of: sorted descending, the ⌊n/2⌋-th (0-based)
    ///
    /// Recomputed from scratch each time: sets are small, and remembered order has lost acknowledged
    /// writes elsewhere (openraft#1802). `nil` for a set without voters, which decides nothing.
    package func quorumValue<Value: Comparable>(_ value: (Voter) -> Value) -> Value? {
        guard let first = Self.majorityValue(of: incoming, value) else { return nil }
        guard let second = Self.majorityValue(of: outgoing, value) else { return first }
        return min(first, second)
    }

    /// Whether a quorum consists of voters that satisfy `holds`.
    package func isQuorum(where holds: (Voter) -> Bool) -> Bool {
        quorumValue { holds($0) ? 1 : 0 } == 1
    }

    private static func majorityValue<Value: Comparable>(
        of voters: [Voter],
        _ value: (Voter) -> Value
    ) -> Value? {
        guard !voters.isEmpty else { return nil }
        let descending = voters.map(value).sorted(by: >)
        return descending[descending.count / 2]
    }
}
