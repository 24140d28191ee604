// SPDX-License-Identifier: Apache-2.0
import PlacementCore
import Synchronization

/// The objects of one disk by identity, in shards so that lookups seldom wait for each other.
final class ObjectTable: Sendable {
    private final class Shard: Sendable {
        let objects = Mutex<[ObjectIdentity: StoredObject]>([:])
    }

    private let shards: [Shard] = (0..<16).map { _ in Shard() }

    subscript(identity: ObjectIdentity) -> StoredObject? {
        shard(of: identity).objects.withLock { $0[identity] }
    }

    /// The object stored, or the one that `make` gives, stored from now on.
    func findOrInsert(_ identity: ObjectIdentity, _ make: () -> StoredObject) -> StoredObject {
        shard(of: identity).objects.withLock { objects in
            if let object = objects[identity] { return object }
            let object = make()
            objects[identity] = object
            return object
        }
    }

    /// Takes exactly this object out, not a successor of the same identity.
    func remove(_ object: StoredObject) {
        shard(of: object.identity).objects.withLock { objects in
            if objects[object.identity] === object { objects[object.identity] = nil }
        }
    }

    private func shard(of identity: ObjectIdentity) -> Shard {
        shards[Int(UInt(bitPattern: identity.hashValue) % UInt(shards.count))]
    }
}
