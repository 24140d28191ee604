// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Codecs
import Logging
import PeerTransport
import Primitives
import Synchronization

/// Taking the place of a worker whose disk is lost, and being the one whose place was taken.
extension CoordinationNode {
    /// How long nobody may have heard of a store before another may take its name.
    ///
    /// Longer than a restart takes, so that a worker that comes back at once is not taken for lost.
    static let silenceBeforeReplacementMS: UInt64 = 3_000

    /// Whether no voter that answers has heard of `node` for a while, and enough of them answer.
    func isSilentEverywhere(_ node: NodeID) async -> Bool {
        guard await provenSilenceMS(of: node) >= Self.silenceBeforeReplacementMS else {
            return false
        }
        var silent = 0
        var writer = ByteWriter()
        writer.write(node.rawValue)
        for voter in voters where voter != node {
            if voter == membership.node {
                silent += 1
                continue
            }
            guard let address = book.address(of: voter),
                let reply = try? await peers.request(
                    PeerMethod.silence.rawValue,
                    writer.bytes,
                    to: address,
                    timeout: .seconds(1)
                )
            else { continue }
            var reader = ByteReader(reply)
            guard let silence = try? reader.integer(UInt64.self),
                silence >= Self.silenceBeforeReplacementMS
            else { return false }
            silent += 1
        }
        return silent >= quorum.need
    }

    /// How long this worker has not heard of `node`; nothing while it has only begun to listen.
    func silenceMS(of node: NodeID) -> UInt64 {
        guard node != membership.node, let since = listeningSinceMS.withLock({ $0 }) else {
            return 0
        }
        let now = settings.now()
        let last = max(health.report(of: node)?.heardAtMS ?? 0, since)
        return now - min(now, last)
    }

    /// The same, but a long silence counts only once the node was asked now: among many workers its turn
    /// to be asked may be long past.
    private func provenSilenceMS(of node: NodeID) async -> UInt64 {
        let silence = silenceMS(of: node)
        guard silence >= Self.silenceBeforeReplacementMS else { return silence }
        let isHeard = await health.hears(
            node,
            asking: statusRequest,
            within: .milliseconds(500)  // Who asks waits a second.
        )
        return isHeard ? 0 : silence
    }

    func answerSilence(_ body: [UInt8]) async throws(PeerFailure) -> [UInt8] {
        var reader = ByteReader(body)
        guard let node = try? reader.integer(UInt64.self) else {
            throw .because(.badRequest, "not a node")
        }
        var writer = ByteWriter()
        writer.write(await provenSilenceMS(of: NodeID(node)))
        return writer.bytes
    }

    // MARK: - The one whose place was taken

    /// Ends this worker once the cluster has retired its store.
    func watchRetirement() async {
        guard await untilMember() else { return }
        while !Task.isCancelled {
            if let retired = replica.catalog.retired(store: registration.store) {
                return beRetired(as: retired.node)
            }
            try? await Task.sleep(for: .milliseconds(500))
        }
    }

    /// A peer that has the catalog says so; it may be all that a worker hears which was cut off.
    func heardRetirement(_ refusal: PeerRefusal) {
        guard let node = membership.node else { return }
        log.error("this worker was retired", metadata: ["reason": "\(refusal.reason)"])
        Task { beRetired(as: node) }  // It writes a file: not on the event loop that called.
    }

    /// Writes it down, so that the next start is refused before it reaches anybody.
    func beRetired(as node: NodeID) {
        do throws(MembershipStoreError) {
            try store.retire()
        } catch {
            log.error("the identity cannot be written", metadata: ["error": "\(error)"])
        }
        let isNameTaken = replica.catalog.worker(named: registration.name) != nil
        refuse(
            """
            the cluster has retired this store (node \(node)): \(isNameTaken
                ? "another worker has its name" : "the worker was removed"); start with an empty data \
            directory to join as a new worker
            """
        )
    }

    /// Whether a vote still belongs to a store that had this worker's name, and is lost.
    var isNamesakeVoting: Bool {
        let catalog = replica.catalog
        return (catalog.cluster?.voters ?? []).contains { voter in
            catalog.worker(id: voter) == nil
                && catalog.retired(node: voter)?.name == settings.name
        }
    }
}
