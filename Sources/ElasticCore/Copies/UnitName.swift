// SPDX-License-Identifier: Apache-2.0
package import PlacementCore
import Primitives

/// One unit of one object: what is copied, and what heat is counted by.
package struct UnitName: Hashable, Sendable {
    package let object: ObjectIdentity
    package let unit: UInt32

    package init(object: ObjectIdentity, unit: UInt32) {
        self.object = object
        self.unit = unit
    }

    /// The unit that a page lies in.
    package init(object: ObjectIdentity, page: UInt32) {
        self.init(object: object, unit: PageGeometry.unit(ofPage: page))
    }

    package var placement: PlacementKey {
        PlacementKey(origin: object.origin, key: object.key, unit: unit)
    }

    /// Its pages: one bit each, bit 0 is the unit's first.
    package func held(_ pages: UInt64) -> HeldUnit {
        HeldUnit(object: object, unit: unit, pages: pages, heat: 0)
    }
}

extension HeldUnit {
    package var name: UnitName { UnitName(object: object, unit: unit) }
}
