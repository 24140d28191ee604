// SPDX-License-Identifier: Apache-2.0

/// The items of one stream from another worker, in order; read once, by one reader.
///
/// Ends with `nil` when the other side ended it well, else throws: `failed` with what its handler
/// said, `disconnected` when the connection broke (no item before that is missing), `cancelled`.
/// Reading returns credit: an unread stream stops its sender after one window.
package struct PeerStream: AsyncSequence, Sendable {
    package typealias Element = [UInt8]
    package typealias Failure = PeerError

    private let lease: Lease

    init(inbox: PeerStreamInbox) { lease = Lease(inbox: inbox) }

    package func makeAsyncIterator() -> AsyncIterator { AsyncIterator(lease: lease) }

    package struct AsyncIterator: AsyncIteratorProtocol {
        fileprivate let lease: Lease

        package mutating func next(
            isolation actor: isolated (any Actor)? = #isolation
        ) async throws(PeerError) -> [UInt8]? {
            try await lease.inbox.next()
        }
    }

    /// Ends the stream when the last of stream and iterator is gone.
    ///
    /// The connection keeps the inbox alive, so that one cannot tell.
    fileprivate final class Lease: Sendable {
        let inbox: PeerStreamInbox

        init(inbox: PeerStreamInbox) { self.inbox = inbox }

        deinit { inbox.abandon() }
    }
}
