// SPDX-License-Identifier: Apache-2.0
import CatalogCore
package import Primitives

/// What the rest of the worker waits for.
extension CoordinationNode {
    /// This worker's cluster and node id; waits until it has them, `nil` when cancelled first.
    package func untilJoined() async -> (cluster: ClusterID, node: NodeID)? {
        guard await untilMember(), let cluster = membership.cluster, let node = membership.node
        else { return nil }
        return (cluster, node)
    }

    /// The clusters that `cluster` goes on from; waits until its catalog is here, `nil` when cancelled
    /// first.
    package func untilLineage(of cluster: ClusterID) async -> [ClusterID]? {
        while !Task.isCancelled {
            if let entry = replica.catalog.cluster, entry.id == cluster {
                return entry.lineage.map(\.cluster)
            }
            try? await Task.sleep(for: .milliseconds(50))
        }
        return nil
    }

    /// This worker's cluster and node id, once it is a member.
    package var joined: (cluster: ClusterID, node: NodeID)? {
        guard let cluster = membership.cluster, let node = membership.node else { return nil }
        return (cluster, node)
    }
}
