// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// A store that was taken out of the cluster for good: its node id, and the name it had.
///
/// Who starts with it again is refused, whatever gossip or an old file says.
package struct RetiredStore: Hashable, Sendable {
    package let store: StoreID
    package let node: NodeID
    package let name: String

    package init(store: StoreID, node: NodeID, name: String) {
        self.store = store
        self.node = node
        self.name = name
    }

    func write(to writer: inout ByteWriter) {
        writer.write(store.rawValue)
        writer.write(node.rawValue)
        writer.write(name)
    }

    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        store = StoreID(try reader.uniqueID())
        node = NodeID(try reader.counter("node id"))
        name = try reader.text()
    }
}

extension StoreID {
    /// What retired stores are sorted by.
    var key: ByteString { ByteString("\(self)") }
}

/// Who votes, and who takes another's place.
extension Catalog {
    /// Takes note of the voters of a committed configuration entry.
    mutating func changeMembers(_ voters: [NodeID]) -> Application {
        guard let old = cluster, old.voters != voters else { return Application(.clusterFormed) }
        revision = revision.next
        var entry = old
        entry.voters = voters
        store(entry, at: revision)
        return Application(
            .clusterFormed,
            changes: changes([(CatalogKey.voters, .cluster(entry))])
        )
    }

    /// Retires `node` and admits its successor under the same name, as one revision.
    ///
    /// Asked again for the same store it answers as for a registration.
    mutating func replace(
        _ node: NodeID,
        by registration: WorkerRegistration
    ) throws(CatalogRefusal) -> Application {
        try Self.check(registration)
        if worker(store: registration.store) != nil { return try register(registration) }
        if let retired = retiredStores[registration.store.key] { throw .storeRetired(retired.node) }
        guard let holder = worker(named: registration.name) else {
            return try register(registration)
        }
        guard holder.id == node else { throw .nameTaken(by: holder.store, node: holder.id) }
        try requireRoomForWorker()

        revision = revision.next
        remove(holder)
        store(RetiredStore(store: holder.store, node: holder.id, name: holder.name))
        let rings = abandonDrain(of: holder) + leaveRing(holder)
        let worker = admit(registration, as: .joining)
        store(worker)
        let wishes = inheritWish(of: holder.id, by: worker.id)
        return Application(
            .worker(worker),
            changes: changes([(CatalogKey.worker(worker.name), .worker(worker))] + rings + wishes)
        )
    }
}
