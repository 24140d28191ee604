// SPDX-License-Identifier: Apache-2.0
package import Codecs

/// What a worker does with what other workers send it.
///
/// One handler serves a ``PeerServer``. `hello`, `accept` and `message` run on an event loop: they
/// must not block, and `message` calls of one connection come in the order sent.
package protocol PeerRequestHandler: Sendable {
    /// Who this worker is now; asked at each connection and at each `announce()`.
    func hello() -> PeerHello

    /// Whether to talk to this worker.
    ///
    /// Asked after the transport's own checks (version, foreign cluster), and again when a connected
    /// worker announces a changed hello. Returning a refusal sends it and closes.
    func accept(_ remote: PeerHello) -> PeerAdmission

    /// Takes a one-way message; nothing is answered.
    func message(_ body: [UInt8], from remote: PeerHello)

    /// Answers a request.
    ///
    /// Runs in a task of its own, cancelled when the caller's deadline passes, the caller gives up
    /// or the connection ends.
    func request(_ method: UInt8, _ body: [UInt8], from remote: PeerHello) async -> PeerReply

    /// Serves a stream through `sink`, and ends it by returning.
    ///
    /// Runs in a task of its own, cancelled when the caller stops reading or the connection ends.
    /// Returns `nil` for a normal end or the failure the caller shall see.
    func stream(
        _ method: UInt8,
        _ body: [UInt8],
        from remote: PeerHello,
        into sink: PeerStreamSink
    ) async -> PeerFailure?
}

/// Whether a worker may stay connected.
package enum PeerAdmission: Sendable, Equatable {
    case accepted
    case refused(PeerRefusal)
}

/// The answer to a request.
package enum PeerReply: Sendable, Equatable {
    case success([UInt8])
    case failure(PeerFailure)
}
