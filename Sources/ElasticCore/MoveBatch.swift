// SPDX-License-Identifier: Apache-2.0
package import Codecs
package import PlacementCore
package import Primitives

/// Pages that go to one worker in one offer.
package struct MoveBatch: Hashable, Sendable {
    /// Most bytes of objects' names in an offer: the frame of a request holds them.
    static let namesLimit = 48 << 10

    package let target: NodeID
    package private(set) var units: [HeldUnit] = []
    package private(set) var pageCount = 0
    package private(set) var byteCount: UInt64 = 0
    private var nameByteCount = 0

    init(target: NodeID) { self.target = target }

    /// Takes as many of a unit's pages as fit, from its first on.
    ///
    /// - Parameters:
    ///   - unit: Not in the batch yet.
    ///   - byteLimit: Of the whole batch; one page is always taken.
    /// - Returns: The pages that do not fit; 0: all do.
    mutating func add(_ unit: HeldUnit, byteLimit: UInt64) -> UInt64 {
        let names = PageOfferUnit(unit).encodedByteCount
        guard units.isEmpty || nameByteCount + names <= Self.namesLimit else { return unit.pages }
        guard let geometry = unit.object.geometry else { return 0 }
        var (taken, left) = (unit, unit.pages)
        taken.pages = 0
        for number in unit.pageNumbers {
            let size = UInt64(geometry.byteCount(ofPage: number))
            let fits = pageCount < PageOffer.maximumPageCount && byteCount + size <= byteLimit
            guard fits || pageCount == 0 else { break }
            let bit = UInt64(1) << UInt64(number % 64)
            taken.pages |= bit
            left &= ~bit
            pageCount += 1
            byteCount += size
        }
        if taken.pages != 0 {
            units.append(taken)
            nameByteCount += names
        }
        return left
    }

    /// Bytes of its pages that did not travel.
    package func restingByteCount(_ answer: OfferAnswer) -> UInt64 {
        guard case .verdicts(let verdicts) = answer else { return answer == .busy ? byteCount : 0 }
        var rest = verdicts[...]
        var sum: UInt64 = 0
        for unit in units {
            for number in unit.pageNumbers {
                switch rest.popFirst() {
                case .present, .noRoom, .refused, .later:
                    sum += UInt64(unit.object.geometry?.byteCount(ofPage: number) ?? 0)
                case .stored, .failed, nil: break
                }
            }
        }
        return sum
    }

    /// The offer of these pages.
    package func offer(epoch: RingEpoch, region: String, giver: NodeID) -> PageOffer {
        PageOffer(
            epoch: epoch,
            region: region,
            giver: giver,
            units: units.map(PageOfferUnit.init)
        )
    }
}

extension PageOfferUnit {
    package init(_ unit: HeldUnit) {
        self.init(
            object: PageObject(
                origin: unit.object.origin,
                key: unit.object.key,
                version: unit.object.version,
                byteCount: unit.object.byteCount
            ),
            unit: unit.unit,
            pages: unit.pages
        )
    }

    package var held: HeldUnit {
        HeldUnit(object: ObjectIdentity(object), unit: unit, pages: pages, heat: 0)
    }
}

extension ObjectIdentity {
    package init(_ object: PageObject) {
        self.init(
            origin: object.origin,
            key: object.key,
            version: object.version,
            byteCount: object.byteCount
        )
    }
}
