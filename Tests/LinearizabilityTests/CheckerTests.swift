// SPDX-License-Identifier: Apache-2.0

import Linearizability
import Primitives
import Testing

/// Goal: the checker's verdicts are those of others who were checked independently.
@Suite struct CheckerTests {
    @Test(arguments: RecordedHistory.all)
    func recordedHistory(_ recorded: RecordedHistory) {
        switch HistoryChecker.check(recorded.history, budget: .simulation) {
        case .linearizable(let witnesses):
            #expect(recorded.isLegal, "\(recorded.name) is known to be illegal")
            for witness in witnesses { expectProof(witness, of: recorded.history) }
        case .violated(let counterexample):
            #expect(!recorded.isLegal, "\(recorded.name) is known to be legal: \(counterexample)")
        case .undecided(_, let budget):
            Issue.record("\(recorded.name) is not decided within \(budget)")
        }
    }

    @Test func allRecordedHistoriesAreThere() {
        #expect(RecordedHistory.all.count == 102)
        #expect(RecordedHistory.all.count(where: \.isLegal) == 23)
    }

    /// Goal: the same verdicts as trying every order.
    ///
    /// Method: small random histories of one key, some of them executed honestly, some with an answer
    /// exchanged; every order of every choice of the open operations is tried.
    @Test(arguments: UInt64(1)...400)
    func agreesWithTryingEveryOrder(seed: UInt64) {
        let history = RandomHistory.make(seed: seed, operationCount: 6)
        let expected = EveryOrder.explains(history)
        let verdict = HistoryChecker.check(history, budget: .simulation)
        #expect(verdict.isLinearizable == expected, "seed \(seed): \(verdict)")
        if case .linearizable(let witnesses) = verdict {
            for witness in witnesses { expectProof(witness, of: history) }
        }
        if let violation = RevisionOrder.check(history) {
            #expect(!expected, "seed \(seed): \(violation)")
        }
    }

    @Test func randomHistoriesAreOfBothSorts() {
        let verdicts = (UInt64(1)...400).map {
            EveryOrder.explains(RandomHistory.make(seed: $0, operationCount: 6))
        }
        let legal = verdicts.count { $0 }
        #expect((80...320).contains(legal), "\(legal) of 400 are legal")
    }

    /// Goal: what the simulator records, 2,000 operations of one key and 20 at a time, is decided.
    @Test(arguments: UInt64(1)...3)
    func longHistoriesAreDecided(seed: UInt64) {
        let history = RandomHistory.honest(seed: seed, operationCount: 2_000, clientCount: 20)
        let verdict = HistoryChecker.check(history, budget: .simulation)
        #expect(verdict.isLinearizable, "seed \(seed): \(verdict)")
        #expect(RevisionOrder.check(history) == nil)
    }

    @Test func anExhaustedBudgetIsNoVerdict() {
        let history = RandomHistory.honest(seed: 1, operationCount: 200, clientCount: 20)
        let budget = CheckBudget(stepCount: 50, memoByteCount: 1 << 20)
        guard case .undecided(let key, budget) = HistoryChecker.check(history, budget: budget)
        else {
            Issue.record("decided within 50 steps")
            return
        }
        #expect(key == "k")
    }

    @Test func aFailedOperationIsLeftOut() {
        var history = History<CompareAndSwapRegister>()
        let write = history.began(.write(1), by: 1, at: 0)
        let read = history.began(.read, by: 2, at: 10)
        history.ended(read, with: .value(nil), at: 20)
        history.failed(write)
        #expect(HistoryChecker.check(history, budget: .simulation).isLinearizable)
    }
}

/// Replays an order by itself: real time is respected, every answer is the model's, none is missing.
private func expectProof<Model: SequentialModel>(
    _ witness: Witness<Model>,
    of history: History<Model>
) {
    var state = Model.initial
    var latestBegin: UInt64 = 0
    for operation in witness.order {
        #expect(operation.endedAt ?? .max >= latestBegin, "\(operation) is placed too late")
        latestBegin = max(latestBegin, operation.beganAt)
        guard let next = Model.apply(operation.input, to: state, giving: operation.output) else {
            Issue.record("\(operation) is impossible in \(state)")
            return
        }
        state = next
    }
    let placed = Set(witness.order.map(\.id))
    #expect(placed.count == witness.order.count, "an operation is placed twice")
    for operation in history.operations
    where operation.endedAt != nil && Model.key(of: operation.input) == witness.key {
        #expect(placed.contains(operation.id), "\(operation) has no place")
    }
}
