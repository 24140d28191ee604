// SPDX-License-Identifier: Apache-2.0
package import Codecs
package import PeerTransport
import Primitives
import Synchronization

/// Stands where the peer transport needs its handler before coordination can be made.
///
/// Server and client ask it who this worker is; from ``open(_:)`` on it is coordination that answers.
package final class PeerDoor: PeerRequestHandler, PeerConnectionObserver {
    private let node = Mutex<CoordinationNode?>(nil)
    private let fresh: PeerHello

    package init(fresh: PeerHello) { self.fresh = fresh }

    package func open(_ node: CoordinationNode) { self.node.withLock { $0 = node } }

    /// Answers as a fresh worker again: the node has ended, its transport not yet.
    package func close() { node.withLock { $0 = nil } }

    private var current: CoordinationNode? { node.withLock { $0 } }

    package func hello() -> PeerHello { current?.hello() ?? fresh }

    package func accept(_ remote: PeerHello) -> PeerAdmission {
        current?.accept(remote) ?? .accepted
    }

    package func message(_ body: [UInt8], from remote: PeerHello) {
        current?.message(body, from: remote)
    }

    package func request(
        _ method: UInt8,
        _ body: [UInt8],
        from remote: PeerHello
    ) async -> PeerReply {
        guard let current else { return .failure(PeerFailure(code: PeerFailure.busy)) }
        return await current.request(method, body, from: remote)
    }

    package func stream(
        _ method: UInt8,
        _ body: [UInt8],
        from remote: PeerHello,
        into sink: PeerStreamSink
    ) async -> PeerFailure? {
        guard let current else { return PeerFailure(code: PeerFailure.busy) }
        return await current.stream(method, body, from: remote, into: sink)
    }

    package func connected(to address: PeerAddress, remote: PeerHello) {
        current?.connected(to: address, remote: remote)
    }

    package func disconnected(from address: PeerAddress, remote: PeerHello?, error: PeerError) {
        current?.disconnected(from: address, remote: remote, error: error)
    }

    package func refused(at address: PeerAddress) { current?.refused(at: address) }
}
