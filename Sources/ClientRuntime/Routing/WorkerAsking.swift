// SPDX-License-Identifier: Apache-2.0
package import Codecs
package import ElasticCore
package import PageTransport
package import Primitives

/// Asks one worker something: over the network, a socket, or in this very process.
package protocol WorkerAsking: Sendable {
    /// Returns the final answer, or why there is none within the time a worker has.
    func ask(
        _ request: PageRequest,
        of worker: WorkerTarget
    ) async throws(PageClientError) -> PageReply

    /// Whether this worker is this process or on this host: the label `local`.
    func isNear(_ worker: WorkerTarget) -> Bool
}

/// What a reader was given, for `tarn_cache_read_bytes_total`.
package protocol ReadRecorder: Sendable {
    func returned(_ byteCount: Int, mount: ByteString, client: ClientKind, source: PageSource)
}
