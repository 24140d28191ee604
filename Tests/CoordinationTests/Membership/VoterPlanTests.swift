// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import Primitives
import RaftCore
import Testing

@Suite struct VoterPlanTests {
    private static func voter(_ node: UInt64, store: UInt64? = nil) -> Voter {
        Voter(node: NodeID(node), store: testStore(store ?? node))
    }

    /// Three voters; w3's store 3 was lost and w3 came back as node 4 with store 9; w5 has node 5.
    private static func catalog(isReplaced: Bool = true) -> Catalog {
        var catalog = Catalog()
        _ = catalog.apply(genesis())
        if isReplaced {
            let successor = registration("w3", store: 9)
            _ = catalog.apply(
                CatalogCommand(operation: .replace(successor, retiring: NodeID(3)))
            )
        } else {
            _ = catalog.apply(CatalogCommand(operation: .register(registration("w4", store: 9))))
        }
        _ = catalog.apply(CatalogCommand(operation: .register(registration("a5", store: 5))))
        return catalog
    }

    private static func set(_ voters: [Voter], learners: [Voter] = []) -> VoterSet {
        VoterSet(incoming: voters, learners: learners)
    }

    private static let old = [voter(1), voter(2), voter(3)]
    private static let new = [voter(1), voter(2), voter(4, store: 9)]

    private static func next(
        _ members: VoterSet,
        isReplaced: Bool = true,
        dead: Set<UInt64> = [],
        logs: Set<UInt64> = [1, 2],
        failed: [NodeID] = [],
        chosen: NodeID? = nil,
        inContact: Set<UInt64>? = nil,
        isWaiting: Bool = false
    ) -> VoterPlan.Step? {
        VoterPlan(
            members: members,
            catalog: catalog(isReplaced: isReplaced),
            sight: VoterPlan.Sight(
                isAlive: { !dead.contains($0.rawValue) },
                isInContact: { inContact?.contains($0.rawValue) ?? !dead.contains($0.rawValue) },
                hasLog: { logs.contains($0.rawValue) }
            ),
            failed: failed,
            chosen: chosen,
            isWaitingForNamesake: isWaiting
        ).next
    }

    private static func change(
        from members: VoterSet,
        _ voters: [Voter],
        learners: [Voter] = []
    ) -> VoterPlan.Step {
        .change(MembershipChange(expected: members, voters: voters, learners: learners))
    }

    @Test func whatIsWholeStays() {
        #expect(Self.next(Self.set(Self.old), isReplaced: false, logs: [1, 2, 3]) == nil)
        #expect(Self.next(Self.set(Self.new), logs: [1, 2, 4]) == nil)
        #expect(
            Self.next(Self.set(Self.old), isReplaced: false, dead: [3], logs: [1, 2, 3]) == nil,
            "silence alone takes no vote away"
        )
    }

    @Test func aLostVoteGoesToItsSuccessorStepByStep() {
        let successor = Self.voter(4, store: 9)
        let old = Self.set(Self.old)
        #expect(Self.next(old) == .enlist(NodeID(4)), "not to a5, though it is first by name")
        let withLog: Set<UInt64> = [1, 2, 4]
        #expect(
            Self.next(old, logs: withLog) == Self.change(from: old, Self.old, learners: [successor])
        )
        let learning = Self.set(Self.old, learners: [successor])
        #expect(Self.next(learning, logs: withLog) == Self.change(from: learning, Self.new))
        #expect(Self.next(Self.set(Self.new), logs: withLog) == nil)
    }

    @Test func nothingHappensWhileTwoSetsDecide() {
        let joint = VoterSet(incoming: Self.new, outgoing: Self.old)
        #expect(Self.next(joint, logs: [1, 2, 4, 5]) == nil)
    }

    @Test func anotherWorkerVotesIfTheSuccessorIsAway() {
        let old = Self.set(Self.old)
        #expect(Self.next(old, dead: [4], isWaiting: true) == nil)
        #expect(Self.next(old, isWaiting: true) == .enlist(NodeID(4)))
        #expect(Self.next(old, dead: [4]) == .enlist(NodeID(5)))
        #expect(Self.next(old, dead: [4, 5]) == nil, "a set is never made smaller")
        let learning = Self.set(Self.old, learners: [Self.voter(4, store: 9)])
        #expect(Self.next(learning, dead: [4]) == Self.change(from: learning, Self.old))
    }

    @Test func whoDoesNotComeToVoteMakesRoomForAnother() {
        let old = Self.set(Self.old)
        let learning = Self.set(Self.old, learners: [Self.voter(4, store: 9)])
        #expect(Self.next(learning) == .enlist(NodeID(4)), "it has laid its log down")
        #expect(
            Self.next(learning, logs: [1, 2, 4], failed: [NodeID(4)])
                == Self.change(from: learning, Self.old)
        )
        #expect(Self.next(old, logs: [1, 2, 4], failed: [NodeID(4)]) == .enlist(NodeID(5)))
        #expect(Self.next(old, dead: [5], failed: [NodeID(4)]) == .enlist(NodeID(4)), "at last")
    }

    /// Goal: the vote does not wander from worker to worker as each is heard or not.
    @Test func whoWasChosenStaysIt() {
        let old = Self.set(Self.old)
        let five = NodeID(5)
        #expect(Self.next(old, chosen: five) == .enlist(five), "w3 turned up later")
        #expect(Self.next(old, dead: [5], chosen: five) == .enlist(NodeID(4)))
        #expect(Self.next(old, failed: [five], chosen: five) == .enlist(NodeID(4)))
    }

    /// Goal: what the leader's own messages say of a learner counts, not a word from elsewhere.
    @Test func aLearnerIsJudgedByConsensus() {
        let learning = Self.set(Self.old, learners: [Self.voter(4, store: 9)])
        let withLog: Set<UInt64> = [1, 2, 4]
        #expect(
            Self.next(learning, dead: [4], logs: withLog, inContact: [4])
                == Self.change(from: learning, Self.new)
        )
        #expect(
            Self.next(learning, logs: withLog, inContact: [])
                == Self.change(from: learning, Self.old)
        )
    }

    @Test func aLearnerThatNobodyNeedsIsLetGo() {
        let learning = Self.set(Self.new, learners: [Self.voter(5)])
        #expect(
            Self.next(learning, logs: [1, 2, 4, 5]) == Self.change(from: learning, Self.new)
        )
        #expect(Self.next(Self.set(Self.new), logs: [1, 2, 4, 5]) == .release(NodeID(5)))
        #expect(Self.next(Self.set(Self.new), dead: [5], logs: [1, 2, 4, 5]) == nil)
    }

    @Test func aLearnerGetsTimeToCatchUp() {
        let learning = Self.set(Self.old, learners: [Self.voter(4, store: 9)])
        let plan = VoterPlan(
            members: learning,
            catalog: Self.catalog(),
            sight: VoterPlan.Sight(
                isAlive: { _ in true },
                hasLog: { [1, 2, 4].contains($0.rawValue) },
                isCaughtUp: { $0 != NodeID(4) }
            )
        )
        #expect(plan.next == .wait(NodeID(4)))
    }
}
