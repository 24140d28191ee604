// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// Whose log this is; stands in every file, so that no file is ever taken for another's.
package struct LogIdentity: Hashable, Sendable {
    package let cluster: ClusterID
    package let store: StoreID
    package let node: NodeID

    /// Names one voter's log.
    package init(cluster: ClusterID, store: StoreID, node: NodeID) {
        self.cluster = cluster
        self.store = store
        self.node = node
    }
}

extension LogIdentity: CustomStringConvertible {
    package var description: String { "cluster \(cluster), store \(store), node \(node)" }
}

extension LogIdentity {
    func encode(into writer: inout ByteWriter) {
        writer.write(cluster.rawValue)
        writer.write(store.rawValue)
        writer.write(node.rawValue)
    }

    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        self.init(
            cluster: ClusterID(try reader.uniqueID()),
            store: StoreID(try reader.uniqueID()),
            node: NodeID(try reader.integer())
        )
    }

    /// What is foreign about a file that says it belongs to `found`; `nil` if it is ours.
    func finding(on found: LogIdentity) -> RecoveryFinding? {
        if found.cluster != cluster { return .foreignCluster }
        if found.store != store { return .foreignStore }
        return found.node == node ? nil : .foreignNode
    }
}
