// SPDX-License-Identifier: Apache-2.0
package import PeerTransport
package import Primitives
import Synchronization

/// Where each node was last reached: opinions, tried in the order of how fresh they are.
///
/// A cluster whose every worker got a new address finds itself again through what is learned here
/// from `join` and from whoever calls.
package final class AddressBook: Sendable {
    private struct State {
        var learned: [NodeID: PeerAddress] = [:]
        var registered: [NodeID: PeerAddress] = [:]
    }

    /// Nodes remembered at most.
    private static let limit = 50_000

    private let state = Mutex(State())

    package init() {}

    /// Somebody answered there as this node, or called and said so.
    package func learned(_ node: NodeID, at address: PeerAddress) {
        state.withLock { state in
            guard state.learned.count < Self.limit || state.learned[node] != nil else { return }
            state.learned[node] = address
        }
    }

    /// What the catalog says.
    package func registered(_ addresses: [NodeID: PeerAddress]) {
        state.withLock { $0.registered = addresses }
    }

    /// Nobody, or somebody else, answers there: what was learned is void.
    package func failed(_ node: NodeID, at address: PeerAddress) {
        state.withLock { state in
            if state.learned[node] == address { state.learned[node] = nil }
        }
    }

    package func address(of node: NodeID) -> PeerAddress? {
        state.withLock { $0.learned[node] ?? $0.registered[node] }
    }
}
