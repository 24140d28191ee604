// SPDX-License-Identifier: Apache-2.0

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
