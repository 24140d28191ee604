// SPDX-License-Identifier: Apache-2.0
import Codecs
import NIOCore
import Synchronization

/// One call on its way through a link, from whoever waits for it.
///
/// Completed exactly once, by whichever comes first: its answer, its timeout, its cancellation, the
/// connection's end. Used on the link's event loop, but for ``isCancelled``.
final class PeerCall: Sendable {
    enum Kind: Sendable {
        case request(method: UInt8, body: [UInt8])
        case stream(method: UInt8, body: [UInt8])
        case probe

        func isUrgent(_ limits: PeerLimits) -> Bool {
            if case .request(let method, _) = self { return limits.urgentMethods.contains(method) }
            return false
        }
    }

    enum Answer: Sendable {
        case body([UInt8])
        case stream(PeerStream)
        case hello(PeerHello)
    }

    private struct State {
        var continuation: CheckedContinuation<Result<Answer, PeerError>, Never>?
        var isCancelled = false
    }

    /// Names the call on the wire too; unique in its client.
    let id: UInt64
    let kind: Kind
    /// When the caller stops waiting.
    let deadline: NIODeadline
    private let state = Mutex(State())

    init(id: UInt64, kind: Kind, deadline: NIODeadline) {
        self.id = id
        self.kind = kind
        self.deadline = deadline
    }

    var byteCount: Int {
        switch kind {
        case .request(_, let body), .stream(_, let body): body.count
        case .probe: 0
        }
    }

    var isCancelled: Bool { state.withLock(\.isCancelled) }

    func cancel() { state.withLock { $0.isCancelled = true } }

    func begin(_ continuation: CheckedContinuation<Result<Answer, PeerError>, Never>) {
        state.withLock { $0.continuation = continuation }
    }

    var isComplete: Bool { state.withLock { $0.continuation == nil } }

    /// Gives the answer; `false` if there was one before.
    @discardableResult
    func complete(_ answer: Result<Answer, PeerError>) -> Bool {
        let continuation = state.withLock { $0.continuation.take() }
        continuation?.resume(returning: answer)
        return continuation != nil
    }
}
