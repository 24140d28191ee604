// SPDX-License-Identifier: Apache-2.0
import Codecs
import NIOCore
import Synchronization

/// Takes the answer to one request, from any thread.
///
/// Dropped without an answer it sends ``PageFailure/abandoned``: a reader never waits for a request
/// that nobody works on.
package final class PageReplyWriter: Sendable {
    private let eventLoop: any EventLoop
    private let handler: NIOLoopBound<PageServerHandler>
    private let id: UInt64
    private let isAnswered: Atomic<Bool>

    /// - Parameters:
    ///   - eventLoop: That of the connection.
    ///   - handler: That of the connection.
    ///   - id: Of the request.
    ///   - isAnswered: Whether there is nothing to answer in the first place.
    init(
        eventLoop: any EventLoop,
        handler: NIOLoopBound<PageServerHandler>,
        id: UInt64,
        isAnswered: Bool
    ) {
        self.eventLoop = eventLoop
        self.handler = handler
        self.id = id
        self.isAnswered = Atomic(isAnswered)
    }

    deinit { complete(.failure(.abandoned)) }

    /// Tells the reader that the page is being fetched; repeated every 500 ms until the answer.
    ///
    /// Nothing happens once the request is answered.
    package func filling() {
        guard !isAnswered.load(ordering: .acquiring) else { return }
        perform { [id] in $0.beginFilling(id) }
    }

    /// Answers the request; every call but the first does nothing.
    package func complete(_ reply: PageReply) {
        guard !isAnswered.exchange(true, ordering: .acquiringAndReleasing) else { return }
        perform { [id] in $0.complete(id, with: reply) }
    }

    /// Runs at once on the connection's own event loop, else there as soon as it can.
    private func perform(_ body: @escaping @Sendable (PageServerHandler) -> Void) {
        if eventLoop.inEventLoop {
            body(handler.value)
        } else {
            eventLoop.execute { [handler] in body(handler.value) }
        }
    }
}
