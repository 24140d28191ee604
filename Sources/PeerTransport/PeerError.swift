// SPDX-License-Identifier: Apache-2.0
package import Codecs

/// Why a call to another worker has no answer.
///
/// ``effect`` says for each whether the other side may have acted.
package enum PeerError: Error, Sendable, Equatable {
    /// The name has no address now, or no address took the connection. `reason` is for people.
    case unreachable(PeerAddress, reason: String)
    /// Connected, but no right hello within the handshake deadline.
    case handshakeTimedOut(PeerAddress)
    /// What answered does not speak this protocol.
    case notOurProtocol(PeerAddress)
    /// No protocol version in common.
    case versionMismatch(PeerAddress, theirs: ClosedRange<UInt16>, ours: ClosedRange<UInt16>)
    /// The other worker refused this one, or this one the other; `reason` is what was said.
    case refused(PeerAddress, PeerRefusal)
    /// The connection ended while the answer was outstanding.
    case disconnected(PeerAddress)
    /// No answer within the caller's timeout.
    case timedOut(PeerAddress)
    /// A bound on this side was reached: calls in flight, their bytes, or connections.
    case overloaded(PeerAddress)
    /// The other worker's handler answered with a failure of its own.
    case failed(PeerFailure)
    /// The body is longer than a frame may be. Both in bytes.
    case tooLarge(byteCount: Int, limit: Int)
    /// The calling task was cancelled.
    case cancelled
    /// The transport on this side is shut down.
    case shutDown

    /// Whether the called worker may have acted on the call.
    package enum Effect: Sendable, Equatable {
        /// It never got the call: calling another worker, or again, is safe.
        case none
        /// It may have, or not.
        case unknown
        /// It got the call and said so.
        case answered
    }

    /// Whether the called worker may have acted.
    ///
    /// A `timedOut` or `cancelled` call counts as `unknown` even where it never left.
    package var effect: Effect {
        switch self {
        case .unreachable, .handshakeTimedOut, .notOurProtocol, .versionMismatch, .refused,
            .overloaded, .tooLarge, .shutDown:
            .none
        case .disconnected, .timedOut, .cancelled: .unknown
        case .failed: .answered
        }
    }
}
