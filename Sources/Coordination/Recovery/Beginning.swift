// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import LogStorage
import Primitives
import RaftCore
import SystemPackage

/// What the log of a cluster begins with that goes on from another: one state, one voter.
///
/// Index and revision leap (``Catalog/successionLeap``), so a worker of the old cluster that comes over
/// takes the state for newer than its own, whatever it had.
struct Beginning: Sendable {
    let cluster: ClusterEntry
    let founder: Voter
    let snapshot: SnapshotMetadata
    let state: [UInt8]

    /// Takes the catalog as ``Catalog/beginningAnew(as:founder:retiring:)`` made it, the last index of
    /// the old cluster's log that it has, and the newest term known of it.
    ///
    /// `nil` where the catalog names no voter.
    init?(_ catalog: Catalog, behind index: LogIndex, term: Term) {
        guard let cluster = catalog.cluster, let node = cluster.voters.first,
            let worker = catalog.worker(id: node)
        else { return nil }
        self.cluster = cluster
        founder = Voter(node: node, store: worker.store)
        state = catalog.encodeSnapshot()
        snapshot = SnapshotMetadata(
            position: LogPosition(
                term: Term(term.rawValue + 1),
                index: LogIndex(index.rawValue + Catalog.successionLeap)
            ),
            voters: VoterSet(incoming: [founder]),
            byteCount: UInt64(state.count),
            checksum: CRC32C.checksum(state)
        )
    }

    var membership: StoreIdentity.Membership {
        StoreIdentity.Membership(cluster: cluster.id, node: founder.node, role: .voter)
    }

    /// Makes the log in an empty directory, durably.
    func write(to path: FilePath, _ options: LogStorage.Options) throws(LogStorageError) {
        try LogStorage.found(
            at: path,
            identity: LogIdentity(
                cluster: cluster.id,
                store: founder.store,
                node: founder.node
            ),
            on: snapshot,
            state: state,
            options: options
        )
    }
}
