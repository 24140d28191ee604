// SPDX-License-Identifier: Apache-2.0
package import PlacementCore
import Primitives

/// Chooses the disk that a new object's file is made on.
///
/// By hash in proportion to capacity, so that full disks share the load and a restart changes
/// nothing; but an object that has no room there without eviction goes where there is most room, if
/// it has room there.
package struct DiskChoice: Sendable {
    /// What a disk holds, in bytes.
    package struct Room: Sendable {
        let capacity: UInt64
        let allocated: UInt64

        package init(capacity: UInt64, allocated: UInt64) {
            self.capacity = capacity
            self.allocated = allocated
        }

        var free: UInt64 { capacity - min(allocated, capacity) }
    }

    private let room: [Room]

    package init(room: [Room]) { self.room = room }

    /// The index of the disk; `nil` where there is none.
    package func disk(for object: ObjectIdentity) -> Int? {
        guard let preferred = preferredDisk(for: object) else { return nil }
        guard room[preferred].free < object.byteCount,
            let roomiest = room.indices.max(by: { room[$0].free < room[$1].free }),
            room[roomiest].free >= object.byteCount
        else { return preferred }
        return roomiest
    }

    private func preferredDisk(for object: ObjectIdentity) -> Int? {
        let total = room.reduce(UInt64(0)) { $0 + $1.capacity }
        guard total > 0 else { return room.indices.first }
        var writer = ByteWriter()
        writer.write(object.origin.rawValue)
        writer.write(object.key)
        var position = XXH64.hash(writer.bytes) % total
        for (index, disk) in room.enumerated() {
            guard position >= disk.capacity else { return index }
            position -= disk.capacity
        }
        return nil
    }
}
