// SPDX-License-Identifier: Apache-2.0
package import PlacementCore
import Synchronization

/// How far a walk through a store has come.
package struct InventoryPlace: Hashable, Sendable {
    fileprivate let disk: Int
    fileprivate let slot: Int

    /// Where a walk begins.
    package static var start: Self { Self(disk: 0, slot: 0) }
}

extension PageStore {
    /// Part of what the store holds, in no order.
    ///
    /// Nobody waits: a few thousand objects are looked at under a lock, and what comes and goes during a
    /// walk may be missed. What is there all the time comes exactly once.
    /// - Parameters:
    ///   - place: ``InventoryPlace/start``, or where the last call ended.
    ///   - limit: Objects looked at, at most.
    /// - Returns: The units there, and where to go on; `nil` at the end.
    package func inventory(
        from place: InventoryPlace,
        limit: Int
    ) -> (units: [HeldUnit], next: InventoryPlace?) {
        guard disks.indices.contains(place.disk) else { return ([], nil) }
        let disk = disks[place.disk]
        let (entries, slot) = disk.queue.withLock { $0.entries(from: place.slot, limit: limit) }
        let next =
            slot.map { InventoryPlace(disk: place.disk, slot: $0) }
            ?? InventoryPlace(disk: place.disk + 1, slot: 0)
        let units = disk.isolatedBy == nil ? entries.flatMap { $0.value.heldUnits($0.heat) } : []
        return (units, disks.indices.contains(next.disk) ? next : nil)
    }
}

extension StoredObject {
    fileprivate func heldUnits(_ heat: UInt64) -> [HeldUnit] {
        contents.withLock { $0.table.unitPages }.map { unit, pages in
            HeldUnit(object: identity, unit: unit, pages: pages, heat: heat)
        }
    }
}
