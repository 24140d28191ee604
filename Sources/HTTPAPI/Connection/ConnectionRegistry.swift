// SPDX-License-Identifier: Apache-2.0
package import NIOCore
import Synchronization

/// The connections that are open, so that their number has a bound and a shutdown reaches each.
package final class ConnectionRegistry: Sendable {
    private struct State {
        var channels: [ObjectIdentifier: any Channel] = [:]
        var isShuttingDown = false
    }

    private let limit: Int
    private let state = Mutex(State())

    package init(limit: Int) { self.limit = limit }

    /// Takes a connection in until it closes; `false` where there is no room.
    package func admit(_ channel: any Channel) -> Bool {
        let id = ObjectIdentifier(channel)
        let isAdmitted = state.withLock { state in
            guard !state.isShuttingDown, state.channels.count < limit else { return false }
            state.channels[id] = channel
            return true
        }
        guard isAdmitted else { return false }
        channel.closeFuture.whenComplete { [self] _ in
            state.withLock { _ = $0.channels.removeValue(forKey: id) }
        }
        return true
    }

    package var count: Int { state.withLock { $0.channels.count } }

    /// Closes idle connections now and the others behind their answer; admits no more.
    ///
    /// Returns `false` where this was done before: NIO's handlers take the event once.
    func quiesce() -> Bool {
        let channels: [any Channel]? = state.withLock { state in
            guard !state.isShuttingDown else { return nil }
            state.isShuttingDown = true
            return Array(state.channels.values)
        }
        guard let channels else { return false }
        for channel in channels {
            channel.pipeline.fireUserInboundEventTriggered(ChannelShouldQuiesceEvent())
        }
        return true
    }

    /// Closes whatever is still open, in the middle of an answer or not.
    func closeAll() {
        for channel in state.withLock({ Array($0.channels.values) }) {
            channel.close(promise: nil)
        }
    }
}
