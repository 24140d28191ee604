// SPDX-License-Identifier: Apache-2.0
import PlacementCore
package import Primitives

/// One version of one object, as requests name it.
package struct PageObject: Hashable, Sendable {
    package let origin: OriginID
    /// The object's key at its origin.
    package let key: ByteString
    package let version: ByteString
    /// Size of the object, in bytes.
    package let byteCount: UInt64

    package init(origin: OriginID, key: ByteString, version: ByteString, byteCount: UInt64) {
        self.origin = origin
        self.key = key
        self.version = version
        self.byteCount = byteCount
    }
}

/// Pages that a worker holds and another one owns: the other takes what it wants, then answers.
///
/// Bounded: ``maximumPageCount`` pages of ``maximumByteCount`` bytes, and the frame of a request.
package struct PageOffer: Hashable, Sendable {
    package static let maximumPageCount = 64
    /// 16 MiB.
    package static let maximumByteCount: UInt64 = 16 << 20

    /// By which the giver says that the pages are the other's.
    package let epoch: RingEpoch
    package let region: String
    /// Who holds the pages, and is asked for them.
    package let giver: NodeID
    package let units: [PageOfferUnit]

    package init(epoch: RingEpoch, region: String, giver: NodeID, units: [PageOfferUnit]) {
        self.epoch = epoch
        self.region = region
        self.giver = giver
        self.units = units
    }

    /// Pages of all units: as many verdicts come back, in the same order.
    package var pageCount: Int { units.reduce(0) { $0 + $1.pages.nonzeroBitCount } }
}

/// Pages of one unit of one object.
package struct PageOfferUnit: Hashable, Sendable {
    package let object: PageObject
    package let unit: UInt32
    /// One bit a page: bit 0 is the unit's first.
    package let pages: UInt64

    package init(object: PageObject, unit: UInt32, pages: UInt64) {
        self.object = object
        self.unit = unit
        self.pages = pages
    }

    /// Numbers of its pages in the object, rising.
    package var pageNumbers: [UInt32] {
        let first = unit &* PageGeometry.pagesPerUnit
        return (0..<PageGeometry.pagesPerUnit).filter { pages & (1 << UInt64($0)) != 0 }
            .map { first &+ $0 }
    }

    /// What its pages take, in bytes; `nil` where the object has not all of them.
    package var byteCount: UInt64? {
        guard let geometry = PageGeometry(byteCount: object.byteCount), pages != 0,
            unit < geometry.unitCount
        else { return nil }
        let range = geometry.pages(ofUnit: unit)
        var sum: UInt64 = 0
        for page in pageNumbers {
            guard range.contains(page) else { return nil }
            sum += UInt64(geometry.byteCount(ofPage: page))
        }
        return sum
    }
}

/// What became of an offered page at the worker it was offered to.
package enum PageOfferVerdict: UInt8, Sendable, CaseIterable {
    /// Taken, and on disk.
    case stored = 0
    /// It was there already.
    case present = 1
    /// It would have taken another page's room.
    case noRoom = 2
    /// It could not be had, or not be written.
    case failed = 3
    /// It is not that worker's, by a newer epoch than the offer's.
    case refused = 4
    /// Too many pages are on their way there; to be offered again.
    case later = 5
}
