// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Codecs
import LogStorage
import Logging
import PeerTransport
import Primitives
import Synchronization

/// What becomes of a worker whose cluster goes on in another one, after a restore or a forced recovery.
///
/// ```
///   no quorum for two seconds ─▶ ask `join` and where the voters were
///        somebody there names this cluster as an ancestor:
///          no vote here ─▶ asks to be admitted ─▶ the same worker, the same caches, the new cluster
///          a vote here  ─▶ ends: it may have promised what nobody remembers
/// ```
/// Looked for only where this worker was told to look, so a copy of the cluster that somebody restores
/// elsewhere takes nobody away; and only without a quorum, so one that lives takes no orders from it.
extension CoordinationNode {
    private static let patienceMS: UInt64 = 2_000

    func followSuccessor() async {
        guard await untilMember() else { return }
        var lostSince: UInt64?
        while !Task.isCancelled {
            let now = settings.now()
            if quorum.have >= quorum.need || lineage == nil && newHome.withLock({ $0 != nil }) {
                lostSince = nil
            } else if let since = lostSince, now - min(now, since) >= Self.patienceMS {
                if let successor = await successor() { await goOver(to: successor) }
            } else {
                lostSince = lostSince ?? now
            }
            try? await Task.sleep(for: .milliseconds(500))
        }
    }

    /// Why this worker must not start: its cluster goes on without its vote; `nil` if nobody says so.
    ///
    /// Asked before consensus starts: two old voters that come back at once would be a quorum.
    package func superseded() async -> String? {
        guard store.hasVote, let successor = await successor() else { return nil }
        return refusalText(successor)
    }

    /// A worker whose cluster goes on from this one's, and where it is.
    private struct Successor {
        let hello: PeerHello
        let cluster: ClusterID
        let address: PeerAddress
    }

    private func successor() async -> Successor? {
        guard let own = membership.cluster else { return nil }
        let places = placesToLook
        return await withTaskGroup(of: Successor?.self) { group in
            for address in places {
                group.addTask { [peers] in
                    guard let hello = try? await peers.probe(address, timeout: .seconds(1)),
                        let cluster = hello.cluster, hello.lineage.contains(own)
                    else { return nil }
                    return Successor(hello: hello, cluster: cluster, address: address)
                }
            }
            var found: Successor?
            for await successor in group { found = found ?? successor }
            return found
        }
    }

    /// `join`, and the voters where they were last; not this worker itself.
    private var placesToLook: [PeerAddress] {
        let catalog = replica.isFormed ? replica.catalog : (try? store.loadCheckpoint())?.catalog
        let voters = (catalog?.cluster?.voters ?? []).filter { $0 != membership.node }
        let known = voters.compactMap { node in
            book.address(of: node)
                ?? catalog?.worker(id: node).flatMap { PeerAddress($0.addresses.peer) }
        }
        let own = PeerAddress(registration.addresses.peer)
        var places: [PeerAddress] = []
        for address in settings.join + known where address != own && !places.contains(address) {
            places.append(address)
        }
        return places
    }

    private func refusalText(_ successor: Successor) -> String {
        """
        cluster \(membership.cluster.map { "\($0)" } ?? "none") goes on as cluster \
        \(successor.cluster), which '\(successor.hello.name)' at \(successor.address) belongs to: the \
        vote of this data-dir counts no more. Start the worker with an empty data-dir to join that \
        one; the cache directories may stay
        """
    }

    private func goOver(to successor: Successor) async {
        guard !store.hasVote else { return refuse(refusalText(successor)) }
        switch await admission(at: successor.address) {
        case .admitted(let cluster, let node) where cluster == successor.cluster:
            follow(cluster, node, at: successor.address)
        case .refused(let reason):
            refuse(reason)
        case .admitted, .replacing, nil:
            return  // Asked again.
        }
    }

    private func follow(_ cluster: ClusterID, _ node: NodeID, at address: PeerAddress) {
        guard let before = membership.beginFollowing() else { return }
        do throws(MembershipStoreError) {
            try store.follow(cluster, node)
        } catch {
            membership.endVoting(before)
            log.error("the identity cannot be written", metadata: ["error": "\(error)"])
            return
        }
        newHome.withLock { $0 = address }
        membership.endVoting(.observer(cluster, node))
        peers.announce()
        log.notice(
            "follows its cluster into the one that goes on from it",
            metadata: [
                "cluster.id": "\(cluster)", "node.id": "\(node)",
                "cluster.parent": "\(before.cluster.map(\.description) ?? "none")",
            ]
        )
    }
}
