// SPDX-License-Identifier: Apache-2.0
import Codecs
import GossipCore
import NIOCore
import PeerTransport
import Synchronization
import Telemetry

extension GossipDriver {
    /// Everything that was left out, by why, since the start.
    var dropped: [(reason: String, count: UInt64)] {
        let (core, socket) = state.withLock { ($0.core?.counters, $0.socket?.counters) }
        return rejections.counts.map { ($0.reason.rawValue, $0.count) } + [
            ("stranger", core?.strangers ?? 0),
            ("misdirected", core?.misdirected ?? 0),
            ("unsent", (socket?.failed ?? 0) + (socket?.dropped ?? 0)),
        ]
    }

    func isResolved(_ address: PeerAddress) -> Bool {
        state.withLock { $0.places[address] != nil }
    }

    /// Remembers where a name leads; one that leads nowhere any more is forgotten.
    func resolved(_ address: PeerAddress, to place: SocketAddress?) {
        state.withLock { state in
            if state.places.count >= Self.placeLimit, state.places[address] == nil {
                state.places = [:]  // Old names fill it: those in use are resolved again.
            }
            state.places[address] = place
        }
    }

    private static let placeLimit = 20_000
}

extension CoordinationMetrics {
    /// Reports at each scrape how many members are in which state, and what was dropped.
    func report(
        members: @escaping @Sendable () -> [GossipView],
        dropped: @escaping @Sendable () -> [(reason: String, count: UInt64)]
    ) {
        registry.report(.gossipMembers) {
            var counts = [0.0, 0.0, 0.0, 0.0]
            for view in members() { counts[Int(view.state.rawValue)] += 1 }
            return MemberState.allCases.map { ([$0.label], counts[Int($0.rawValue)]) }
        }
        registry.report(.gossipDropped) { dropped().map { ([$0.reason], Double($0.count)) } }
    }
}

extension MemberState {
    /// As metrics show it.
    fileprivate var label: String {
        switch self {
        case .alive: "alive"
        case .suspect: "suspect"
        case .dead: "dead"
        case .left: "left"
        }
    }
}
