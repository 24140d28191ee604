// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
import Codecs
import Glibc
import Logging
import PeerTransport
package import Primitives
import RaftCore

/// How a cluster begins again from a backup: on one fresh worker, which the others then join.
extension CoordinationNode {
    package func restore(
        _ backup: CatalogBackup,
        within limit: Timespan
    ) async throws(CoordinationError) -> FormedCluster {
        let deadline = settings.now() + limit.milliseconds
        if let done = restored(from: backup) { return done }
        try requireFresh()
        try await refuseNeighbours(of: backup)
        // One at a time; and nobody who is promised to an init, or being admitted.
        guard membership.beginJoining(nil, nowMS: settings.now()) else {
            try requireFresh()
            throw .unsafe("this worker is promised to an init just now; wait for it to end")
        }
        let beginning: Beginning
        do throws(CoordinationError) {
            beginning = try found(backup)
        } catch {
            membership.endJoining(nil)
            throw error
        }
        do throws(MembershipStoreError) {
            try startVoting()
        } catch {
            // The disk says voter: a process that goes on as a fresh one could join something else.
            log.critical("a new voter cannot open its log; ending", metadata: ["error": "\(error)"])
            _exit(1)
        }
        membership.endJoining(
            .voter(beginning.cluster.id, beginning.founder.node)
        )
        learnAddresses()
        noteOwnAddresses()
        peers.announce()
        log.notice(
            "restored",
            metadata: [
                "cluster.id": "\(beginning.cluster.id)", "cluster.parent": "\(backup.cluster.id)",
                "cluster.generation": "\(beginning.cluster.generation)",
            ]
        )
        while settings.now() < deadline, driver?.state.role != .leader, !Task.isCancelled {
            try? await Task.sleep(for: .milliseconds(20))
        }
        return FormedCluster(entry: beginning.cluster, voters: [registration.name])
    }

    /// What an earlier call with the same backup has made; `nil` if there was none.
    private func restored(from backup: CatalogBackup) -> FormedCluster? {
        guard let node = membership.node, let entry = replica.catalog.cluster,
            entry.id == membership.cluster, entry.voters == [node],
            entry.lineage.first == backup.asAncestor
        else { return nil }
        return FormedCluster(entry: entry, voters: [registration.name])
    }

    private func requireFresh() throws(CoordinationError) {
        guard let cluster = membership.cluster else { return }
        throw .unsafe(
            "this worker already belongs to cluster \(cluster); restore on one with an empty data-dir"
        )
    }

    /// Refuses where `join` names a worker of another cluster, or one that was restored already.
    ///
    /// Workers of the backup's own cluster are welcome: they are to come over.
    private func refuseNeighbours(of backup: CatalogBackup) async throws(CoordinationError) {
        let parents = [backup.cluster.id] + backup.cluster.lineage.map(\.cluster)
        for address in settings.join {
            guard let hello = try? await peers.probe(address, timeout: .seconds(1)),
                let cluster = hello.cluster, hello.store != registration.store,
                !parents.contains(cluster)
            else { continue }
            let what =
                hello.lineage.contains(backup.cluster.id)
                ? "cluster \(cluster), which goes on from this backup's already"
                : "cluster \(cluster)"
            throw .unsafe("'\(hello.name)' at \(address), named in 'join', belongs to \(what)")
        }
    }

    private func found(_ backup: CatalogBackup) throws(CoordinationError) -> Beginning {
        var generator = SystemRandomNumberGenerator()
        let next: Catalog
        do throws(CatalogRefusal) {
            next = try backup.catalog.beginningAnew(
                as: ClusterID(UniqueID(using: &generator)),
                founder: .newcomer(registration)
            )
        } catch {
            throw .badValue("the backup cannot be gone on from: \(error)")
        }
        guard let beginning = Beginning(next, behind: backup.index, term: .zero) else {
            throw .badValue("the backup names no cluster")
        }
        do throws(MembershipStoreError) {
            try store.found(beginning)
        } catch {
            log.error("restoring failed", metadata: ["error": "\(error)"])
            throw .unsafe("the log of the new cluster cannot be written: \(error)")
        }
        return beginning
    }
}

extension CatalogBackup {
    /// How a cluster that goes on from it remembers it.
    var asAncestor: ClusterAncestor {
        ClusterAncestor(
            cluster: cluster.id,
            generation: cluster.generation,
            revision: catalog.revision
        )
    }
}
