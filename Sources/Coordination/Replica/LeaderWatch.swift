// SPDX-License-Identifier: Apache-2.0
package import Primitives
import Synchronization

/// Calls that wait for a leader's answer, and end when somebody else leads.
///
/// Most are answered within milliseconds. So none has a timer of its own: cancelling a task's sleep
/// leaves its timer behind, which then wakes two threads for nothing. One task, the lookout, asks who
/// leads twenty times a second, as long as anybody waits.
///
/// Invariants:
/// 1. While anybody waits there is a lookout, and never two.
/// 2. Nothing is kept of a wait that is over.
package final class LeaderWatch: Sendable {
    private struct Wait {
        let leader: NodeID
        let since: ContinuousClock.Instant
        let end: OneShot<Void>
    }

    private struct State {
        var waits: [UInt64: Wait] = [:]
        var lastID: UInt64 = 0
        var hasLookout = false
    }

    private static let interval = Duration.milliseconds(50)
    /// A leader that is there answers long before.
    private static let patience = Duration.milliseconds(300)

    private let current: @Sendable () -> NodeID?
    private let state = Mutex(State())

    /// - Parameter current: Who leads, as it is known here; asked by the lookout.
    package init(current: @escaping @Sendable () -> NodeID?) { self.current = current }

    /// Calls that wait now.
    package var count: Int { state.withLock { $0.waits.count } }

    /// Waits until another than `leader` is known to lead, not before 300 ms are over, or until the task
    /// is cancelled.
    package func untilAnotherLeads(than leader: NodeID) async {
        let end = OneShot<Void>()
        let (id, needsLookout) = state.withLock { state in
            state.lastID += 1
            state.waits[state.lastID] = Wait(leader: leader, since: .now, end: end)
            defer { state.hasLookout = true }  // Invariant 1.
            return (state.lastID, !state.hasLookout)
        }
        // Not a child: it serves whoever waits, and ends when nobody does.
        if needsLookout { Task { await lookOut() } }
        _ = await end.value()
        state.withLock { _ = $0.waits.removeValue(forKey: id) }  // Invariant 2.
    }

    private func lookOut() async {
        while (try? await Task.sleep(for: Self.interval)) != nil {
            let ended: [Wait]? = state.withLock { state in
                guard state.waits.isEmpty else { return Array(state.waits.values) }
                state.hasLookout = false
                return nil
            }
            guard let ended else { return }
            guard let leader = current() else { continue }
            let now = ContinuousClock.now
            for wait in ended where wait.leader != leader && now - wait.since >= Self.patience {
                wait.end.resolve(())
            }
        }
    }
}
