// SPDX-License-Identifier: Apache-2.0
import Codecs
import Logging
import NIOCore
import Synchronization

/// Datagrams that were dropped, by why; said in the log at most once a minute, however many come.
final class GossipRejections: Sendable {
    private struct State {
        var counts: [DatagramSeal.Rejection: UInt64] = [:]
        var saidMS: UInt64?
        var unsaid: UInt64 = 0
    }

    private static let pauseMS: UInt64 = 60_000

    private let state = Mutex(State())

    /// Each reason, and how often.
    var counts: [(reason: DatagramSeal.Rejection, count: UInt64)] {
        state.withLock { state in
            DatagramSeal.Rejection.allCases.map { ($0, state.counts[$0] ?? 0) }
        }
    }

    func count(
        _ rejection: DatagramSeal.Rejection,
        from source: SocketAddress,
        log: Logger,
        nowMS: UInt64
    ) {
        let unsaid = state.withLock { state -> UInt64? in
            state.counts[rejection, default: 0] += 1
            state.unsaid += 1
            if let said = state.saidMS, nowMS - min(nowMS, said) < Self.pauseMS { return nil }
            state.saidMS = nowMS
            defer { state.unsaid = 0 }
            return state.unsaid
        }
        guard let unsaid else { return }
        log.warning(
            "datagrams dropped that are no gossip of this cluster",
            metadata: [
                "gossip.reason": "\(rejection.rawValue)", "gossip.dropped": "\(unsaid)",
                "peer.address": "\(source)",
            ]
        )
    }
}
