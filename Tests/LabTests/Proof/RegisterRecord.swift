// SPDX-License-Identifier: Apache-2.0
import Linearizability
import Primitives
import Synchronization
import TestKit

/// What clients asked of the registers and were told, and when; one clock for all of them.
final class RegisterRecord: Sendable {
    private struct State {
        var history = History<VersionedMap>()
        /// When each write was acknowledged, oldest first.
        var acknowledged: [UInt64] = []
        var answeredCount = 0
    }

    private let start = ContinuousClock.now
    private let state = Mutex(State())

    /// Microseconds since the record was begun.
    var now: UInt64 { UInt64((ContinuousClock.now - start).nanoseconds / 1_000) }

    func began(_ input: VersionedMap.Input, by client: UInt64) -> Int {
        // The clock is read under the lock: begins are recorded in the order of time.
        state.withLock { $0.history.began(input, by: client, at: now) }
    }

    /// Notes how an operation came out; `nil`: certainly without effect.
    func ended(_ id: Int, with output: VersionedMap.Output?) {
        state.withLock { state in
            guard let output else { return state.history.failed(id) }
            let time = now
            state.history.ended(id, with: output, at: time)
            state.answeredCount += 1
            if case .written = output { state.acknowledged.append(time) }
        }
    }

    var history: History<VersionedMap> { state.withLock(\.history) }
    var answeredCount: Int { state.withLock(\.answeredCount) }

    /// The longest time without an acknowledged write between two moments; seconds.
    func longestGap(from begin: UInt64, to end: UInt64) -> Double {
        let times = state.withLock { state in
            [begin] + state.acknowledged.filter { $0 > begin && $0 < end } + [end]
        }
        let gaps = zip(times, times.dropFirst()).map { $1 - $0 }
        return Double(gaps.max() ?? 0) / 1_000_000
    }

    /// Why this history cannot be that of one register after the other; `nil` if it can.
    func violation() -> String? {
        let history = history
        if let violation = RevisionOrder.check(history) { return "\(violation)" }
        switch HistoryChecker.check(history, budget: .blackBox) {
        case .linearizable: return nil
        case .violated(let counterexample): return "\(counterexample)"
        case .undecided(let key, let budget): return "undecided: \(key) within \(budget)"
        }
    }
}
