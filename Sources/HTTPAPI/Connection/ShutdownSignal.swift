// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// Tells answers without an end that the server is going away.
package final class ShutdownSignal: Sendable {
    /// What ``onRaise(_:)`` is called off with.
    package struct Ticket: Sendable {
        fileprivate let number: UInt64
    }

    private struct State {
        var isRaised = false
        var actions: [UInt64: @Sendable () -> Void] = [:]
        var next: UInt64 = 0
    }

    private let state = Mutex(State())

    package init() {}

    package var isRaised: Bool { state.withLock { $0.isRaised } }

    /// Has `action` done once when the signal is raised; at once where it was.
    package func onRaise(_ action: @escaping @Sendable () -> Void) -> Ticket {
        let (ticket, isRaised) = state.withLock { state in
            state.next += 1
            if !state.isRaised { state.actions[state.next] = action }
            return (Ticket(number: state.next), state.isRaised)
        }
        if isRaised { action() }
        return ticket
    }

    /// Calls off what was asked for, unless it is done.
    package func forget(_ ticket: Ticket) {
        state.withLock { _ = $0.actions.removeValue(forKey: ticket.number) }
    }

    package func raise() {
        let actions = state.withLock { state in
            state.isRaised = true
            defer { state.actions = [:] }
            return Array(state.actions.values)
        }
        for action in actions { action() }
    }
}
