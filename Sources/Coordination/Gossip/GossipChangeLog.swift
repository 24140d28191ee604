// SPDX-License-Identifier: Apache-2.0
import GossipCore
import Logging
import Primitives
import Synchronization

/// Says in the log whom gossip holds dead and who is back; where very many change, of the first few of
/// each ten seconds.
final class GossipChangeLog: Sendable {
    private struct State {
        var windowMS: UInt64 = 0
        var said = 0
    }

    private static let windowMS: UInt64 = 10_000
    private static let limit = 20

    private let state = Mutex(State())
    private let log: Logger
    private let now: @Sendable () -> UInt64
    private let name: @Sendable (NodeID) -> String?

    init(
        log: Logger,
        now: @escaping @Sendable () -> UInt64,
        name: @escaping @Sendable (NodeID) -> String?
    ) {
        self.log = log
        self.now = now
        self.name = name
    }

    func note(_ node: NodeID, from before: MemberState, to after: MemberState) {
        let metadata: Logger.Metadata = [
            "peer.name": "\(name(node) ?? "")", "node.id": "\(node)", "gossip.before": "\(before)",
            "gossip.state": "\(after)",
        ]
        guard max(before, after) >= .dead, mayBeSaid() else {
            log.debug("another worker's liveness changed", metadata: metadata)
            return
        }
        log.notice("another worker's liveness changed", metadata: metadata)
    }

    private func mayBeSaid() -> Bool {
        let now = now()
        return state.withLock { state in
            if now - min(now, state.windowMS) >= Self.windowMS {
                state = State(windowMS: now)
            }
            state.said += 1
            return state.said <= Self.limit
        }
    }
}
