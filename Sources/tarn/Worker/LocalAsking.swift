// SPDX-License-Identifier: Apache-2.0

import ClientRuntime
import Codecs
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
        let pages: WorkerPages
        let remote: RemoteAsking
    }

    private let ways = Mutex<Ways?>(nil)

    func open(me: NodeID, pages: WorkerPages, remote: RemoteAsking) {
        ways.withLock { $0 = Ways(me: me, pages: pages, remote: remote) }
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
        return await ways.pages.answer(request)
    }
}

/// Answers page requests once this worker can; until then it says that another should be asked.
final class PagesDoor: PageRequestHandler {
    private let pages = Mutex<WorkerPages?>(nil)

    func open(_ pages: WorkerPages) { self.pages.withLock { $0 = pages } }

    func close() { pages.withLock { $0 = nil } }

    func handle(
        _ request: PageRequest,
        from client: PageClientDescription,
        reply: PageReplyWriter
    ) {
        guard let pages = pages.withLock({ $0 }) else {
            reply.complete(.failure(.stopping))
            return
        }
        pages.handle(request, from: client, reply: reply)
    }
}
