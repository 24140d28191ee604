// SPDX-License-Identifier: Apache-2.0
import Coordination
import Primitives
import RaftCore
import Testing

@Suite struct VoterTrialsTests {
    private static let lost = Voter(node: NodeID(3), store: testStore(3))
    private static let other = Voter(node: NodeID(2), store: testStore(2))

    @Test func aLostVoteWaitsTenSecondsForItsNamesake() {
        var trials = VoterTrials()
        #expect(trials.isWaitingForNamesake(now: 99), "not lost yet")
        trials.lost(Self.lost, now: 1_000)
        #expect(trials.isWaitingForNamesake(now: 10_999))
        #expect(!trials.isWaitingForNamesake(now: 11_000))
    }

    @Test func whoIsChosenHasAMinute() {
        var trials = VoterTrials()
        trials.lost(Self.lost, now: 1_000)
        #expect(trials.chose(NodeID(5), now: 2_000) == nil && trials.chosen == NodeID(5))
        #expect(trials.chose(nil, now: 40_000) == nil && trials.chosen == NodeID(5))
        #expect(trials.chose(NodeID(5), now: 62_000) == nil)
        #expect(trials.chose(NodeID(5), now: 62_001) == NodeID(5))
        #expect(trials.failed == [NodeID(5)] && trials.chosen == nil)
        #expect(trials.chose(NodeID(6), now: 62_200) == nil && trials.chosen == NodeID(6))
    }

    /// Goal: an old word is enough to be chosen, but not to stay it.
    @Test func whoIsChosenMustAnswerSoon() {
        var trials = VoterTrials()
        trials.lost(Self.lost, now: 1_000)
        _ = trials.chose(NodeID(5), now: 2_000)
        #expect(!trials.mustAnswer(NodeID(5), now: 3_999))
        #expect(trials.mustAnswer(NodeID(5), now: 4_000))
        #expect(!trials.mustAnswer(NodeID(6), now: 4_000))
    }

    @Test func anotherLostVoteBeginsAnew() {
        var trials = VoterTrials()
        trials.lost(Self.lost, now: 1_000)
        _ = trials.chose(NodeID(5), now: 2_000)
        _ = trials.chose(nil, now: 63_000)
        trials.lost(Self.lost, now: 70_000)
        #expect(trials.failed == [NodeID(5)] && !trials.isWaitingForNamesake(now: 70_000))
        trials.lost(Self.other, now: 70_000)
        #expect(trials.failed.isEmpty && trials.isWaitingForNamesake(now: 70_001))
    }

    @Test func failuresAreBounded() {
        var trials = VoterTrials()
        trials.lost(Self.lost, now: 0)
        for number: UInt64 in 1...50 {
            _ = trials.chose(NodeID(number), now: number * 100_000)
            _ = trials.chose(nil, now: number * 100_000 + 60_001)
        }
        #expect(trials.failed == (35...50).map { NodeID($0) })
    }

    /// Goal: who got its vote is not taken for one that did not come; who failed is asked again one day.
    @Test func withNothingUnderWayAllIsForgottenInTime() {
        var trials = VoterTrials()
        _ = trials.chose(NodeID(5), now: 1_000)
        trials.rested(now: 30_000)
        #expect(trials.chosen == nil)
        #expect(trials.chose(nil, now: 90_000) == nil)
        _ = trials.chose(NodeID(6), now: 100_000)
        #expect(trials.chose(nil, now: 160_001) == NodeID(6))
        trials.rested(now: 700_000)
        #expect(trials.failed == [NodeID(6)])
        trials.rested(now: 760_002)
        #expect(trials.failed.isEmpty)
    }
}
