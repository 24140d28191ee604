// SPDX-License-Identifier: Apache-2.0
import Coordination
import Primitives
import RaftCore
import Testing

@Suite(.timeLimit(.minutes(1)))
struct PendingProposalsTests {
    enum Verdict: Equatable { case applied(UInt64), notApplied, unknown, pending }

    func position(_ term: UInt64, _ index: UInt64) -> LogPosition {
        LogPosition(term: Term(term), index: LogIndex(index))
    }

    /// What the proposer is told by now.
    func verdict(_ answer: OneShot<ProposalResult>) async -> Verdict {
        answer.expire()  // Nothing else ends the wait for what is not answered.
        return switch await answer.value() {
        case .applied(let index, _): .applied(index.rawValue)
        case .refused: .notApplied
        case .unknown: .unknown
        case nil: .pending
        }
    }

    func placed(
        _ pending: inout PendingProposals,
        _ request: UInt64,
        _ position: LogPosition
    ) -> OneShot<ProposalResult> {
        let answer = OneShot<ProposalResult>()
        pending.add(RaftRequestID(request), answer: answer)
        pending.placed(RaftRequestID(request), at: position)
        return answer
    }

    @Test func anEntryOfItsTermAppliesIt() async {
        var pending = PendingProposals()
        let answer = placed(&pending, 1, position(2, 5))
        pending.applied(position(2, 4), result: [])
        pending.applied(position(2, 5), result: [7])
        #expect(await verdict(answer) == .applied(5))
        #expect(pending.count == 0)
    }

    @Test func anotherTermsEntryAtItsPlaceMeansItHasNoEffect() async {
        var pending = PendingProposals()
        let answer = placed(&pending, 1, position(2, 5))
        pending.applied(position(3, 5), result: [7])
        #expect(await verdict(answer) == .notApplied)
    }

    @Test func aSnapshotOverItsPlaceLeavesItUnknown() async {
        var pending = PendingProposals()
        let hidden = placed(&pending, 1, position(2, 5))
        let behind = placed(&pending, 2, position(2, 6))
        pending.skipped(to: LogIndex(5))
        #expect(await verdict(hidden) == .unknown)
        pending.applied(position(2, 6), result: [])
        #expect(await verdict(behind) == .applied(6))
    }

    @Test func aRefusalIsToldAtOnce() async {
        var pending = PendingProposals()
        let answer = OneShot<ProposalResult>()
        pending.add(RaftRequestID(1), answer: answer)
        pending.refused(RaftRequestID(1), .overloaded)
        #expect(await verdict(answer) == .notApplied)
        #expect(pending.count == 0)
    }

    /// Goal: leading again proves nothing about an entry of the earlier term (Raft, figure 8).
    ///
    /// Method: two proposals at one index, in terms 2 and 4, and each way it may be settled.
    @Test(arguments: [UInt64(2), 3, 4])
    func twoTermsAtOneIndexAreSettledByWhatIsApplied(term: UInt64) async {
        var pending = PendingProposals()
        let old = placed(&pending, 1, position(2, 5))
        let new = placed(&pending, 2, position(4, 5))
        #expect(pending.count == 2, "neither is settled by the other")
        pending.applied(position(term, 5), result: [])
        #expect(await verdict(old) == (term == 2 ? .applied(5) : .notApplied))
        #expect(await verdict(new) == (term == 4 ? .applied(5) : .notApplied))
        #expect(pending.count == 0)
    }
}
