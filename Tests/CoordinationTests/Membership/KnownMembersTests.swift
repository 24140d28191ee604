// SPDX-License-Identifier: Apache-2.0
import Coordination
import Primitives
import RaftCore
import Testing

/// Goal: a quorum is never judged by a log that is older than the catalog.
@Suite struct KnownMembersTests {
    private static func nodes(_ numbers: UInt64...) -> [NodeID] { numbers.map { NodeID($0) } }

    private static func log(
        _ incoming: [UInt64],
        outgoing: [UInt64] = [],
        learners: [UInt64] = [],
        isBehind: Bool = false
    ) -> VoterState {
        func voters(_ numbers: [UInt64]) -> [Voter] {
            numbers.map { Voter(node: NodeID($0), store: testStore($0)) }
        }
        var state = VoterState()
        state.voters = VoterSet(
            incoming: voters(incoming),
            outgoing: voters(outgoing),
            learners: voters(learners)
        )
        state.isLogBehind = isBehind
        return state
    }

    @Test func anOldLogYieldsToTheCatalog() {
        let enlisted = KnownMembers(
            log: Self.log([1, 2, 3], isBehind: true),
            catalog: Self.nodes(4, 5, 6)
        )
        #expect(enlisted.voters == Self.nodes(4, 5, 6))
        #expect(enlisted.learners == nil && enlisted.outgoing.isEmpty)
    }

    @Test func aLogThatIsNotBehindKnowsMore() {
        let voter = KnownMembers(
            log: Self.log([1, 2, 4], outgoing: [1, 2, 3], learners: [5]),
            catalog: Self.nodes(1, 2, 3)
        )
        #expect(voter.voters == Self.nodes(1, 2, 4))
        #expect(voter.outgoing == Self.nodes(1, 2, 3) && voter.learners == Self.nodes(5))
    }

    @Test func whereOnlyOneSaysAnythingItCounts() {
        #expect(KnownMembers(log: Self.log([]), catalog: Self.nodes(1)).voters == Self.nodes(1))
        #expect(KnownMembers(log: nil, catalog: Self.nodes(1)).voters == Self.nodes(1))
        let first = KnownMembers(log: Self.log([1, 2, 3], isBehind: true), catalog: [])
        #expect(first.voters == Self.nodes(1, 2, 3))
    }
}
