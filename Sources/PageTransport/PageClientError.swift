// SPDX-License-Identifier: Apache-2.0
package import Codecs

/// Why a worker did not answer.
package enum PageClientError: Error, Sendable, Equatable {
    /// No connection could be made, within 500 ms; why.
    case unreachable(String)
    /// The worker refused the hello: another cluster, another version, too many connections.
    case refused(String)
    /// Nothing was heard of the request for 2 s.
    case silent
    /// The connection ended before the answer.
    case disconnected
    /// The caller's deadline passed.
    case timedOut
    /// The calling task was cancelled.
    case cancelled
    /// Too many requests wait for this worker already.
    case overloaded
    /// The bytes received do not have the checksum received.
    case corrupt
    /// The worker broke the protocol; how.
    case protocolViolation(String)
    /// The worker answered with a failure.
    case failed(PageFailure)
    /// The client was closed.
    case closed
}
