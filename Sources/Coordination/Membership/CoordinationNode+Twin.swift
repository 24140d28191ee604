// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Codecs
import Logging
import PeerTransport
import Primitives

/// A copied data directory: two processes that are the same voter would vote twice.
extension CoordinationNode {
    /// Why this worker must not start: another process answers as the same store where the catalog says
    /// that this worker was last; `nil` if nobody does.
    ///
    /// Asked before consensus starts, and after this worker's own ports are bound: whoever has the old
    /// address now is somebody else. A worker that comes back where it was asks nobody. It is a help, no
    /// proof: of two copies started at one moment on new addresses neither finds the other.
    package func twin() async -> String? {
        guard membership.node != nil, let last = lastAddress,
            let own = PeerAddress(registration.addresses.peer), last != own,
            let hello = try? await peers.probe(last, timeout: .seconds(1)),
            hello.store == registration.store
        else { return nil }
        return """
            another process runs with the same store \(hello.store) at \(last): this data-dir is a copy. \
            Stop the other one, or empty this data-dir and let the worker join as a new one
            """
    }

    /// Where the catalog on disk says that this worker listened.
    private var lastAddress: PeerAddress? {
        guard let catalog = try? store.loadCheckpoint()?.catalog, let node = membership.node,
            let entry = catalog.worker(id: node)
        else { return nil }
        return PeerAddress(entry.addresses.peer)
    }
}
