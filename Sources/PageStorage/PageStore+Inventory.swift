// SPDX-License-Identifier: Apache-2.0
import PlacementCore
import Synchronization

/// The pages of one unit of one object that a store holds.
package struct HeldUnit: Hashable, Sendable {
    package let object: ObjectIdentity
    package let unit: UInt32
    /// One bit a page: bit 0 is the unit's first.
    package var pages: UInt64
    /// How often the object was read through lately, in sixteenths.
    package let heat: UInt64

    package init(object: ObjectIdentity, unit: UInt32, pages: UInt64, heat: UInt64) {
        self.object = object
        self.unit = unit
        self.pages = pages
        self.heat = heat
    }

    /// Numbers of its pages in the object, rising.
    package var pageNumbers: [UInt32] {
        let first = unit &* PageGeometry.pagesPerUnit
        return (0..<PageGeometry.pagesPerUnit).filter { pages & (1 << UInt64($0)) != 0 }
            .map { first &+ $0 }
    }

    /// What its pages take, in bytes.
    package var byteCount: UInt64 {
        guard let geometry = object.geometry else { return 0 }
        return pageNumbers.reduce(0) { $0 + UInt64(geometry.byteCount(ofPage: $1)) }
    }
}

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
