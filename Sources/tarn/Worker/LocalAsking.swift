// SPDX-License-Identifier: Apache-2.0

import ClientRuntime
import Codecs
import ElasticCore
import NIOCore
import PageTransport
import Primitives
import Synchronization
import WorkerRuntime

/// Asks workers from inside one: itself directly, the others over the network.
///
/// Before this worker is a member there is neither; every call then fails as unreachable.
final class LocalAsking: WorkerAsking {
    private struct Ways {
        let me: NodeID
        let door: PagesDoor
        let remote: RemoteAsking
    }

    private let ways = Mutex<Ways?>(nil)

    func open(me: NodeID, door: PagesDoor, remote: RemoteAsking) {
        ways.withLock { $0 = Ways(me: me, door: door, remote: remote) }
    }

    func isNear(_ worker: WorkerTarget) -> Bool {
        ways.withLock { $0?.me } == worker.node
    }

    func ask(
        _ request: PageRequest,
        of worker: WorkerTarget
    ) async throws(PageClientError) -> PageReply {
        guard let ways = ways.withLock({ $0 }) else {
            throw .unreachable("this worker has not joined a cluster yet")
        }
        guard worker.node == ways.me else { return try await ways.remote.ask(request, of: worker) }
        guard let answer = await ways.door.answer(request) else {
            throw .unreachable("this worker's cache is not open")
        }
        return answer
    }
}
