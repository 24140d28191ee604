// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// What the rest of the worker waits for.
extension CoordinationNode {
    /// This worker's cluster and node id; waits until it has them, `nil` when cancelled first.
    package func untilJoined() async -> (cluster: ClusterID, node: NodeID)? {
        guard await untilMember(), let cluster = membership.cluster, let node = membership.node
        else { return nil }
        return (cluster, node)
    }

    /// This worker's cluster and node id, once it is a member.
    package var joined: (cluster: ClusterID, node: NodeID)? {
        guard let cluster = membership.cluster, let node = membership.node else { return nil }
        return (cluster, node)
    }
}
