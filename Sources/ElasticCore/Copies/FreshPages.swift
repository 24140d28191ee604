// SPDX-License-Identifier: Apache-2.0
package import PlacementCore
import Primitives

/// Pages that came to a worker lately and may have to be copied, the oldest first.
///
/// At most ``unitLimit`` units; of more nothing is remembered but that there were more, and a walk through
/// the store finds them.
package struct FreshPages: Sendable {
    package static let unitLimit = 4_096

    private var order: [UnitName] = []
    /// One bit a page.
    private var pages: [UnitName: UInt64] = [:]
    /// Whether some could not be remembered since this was last taken.
    private var hasOverflowed = false

    package init() {}

    package mutating func note(page: UInt32, of object: ObjectIdentity) {
        let unit = UnitName(object: object, page: page)
        let bit = UInt64(1) << UInt64(page % PageGeometry.pagesPerUnit)
        if let known = pages[unit] {
            pages[unit] = known | bit
        } else if order.count < Self.unitLimit {
            order.append(unit)
            pages[unit] = bit
        } else {
            hasOverflowed = true
        }
    }

    /// Gives all of them away.
    package mutating func take() -> (units: [HeldUnit], hasOverflowed: Bool) {
        defer { self = Self() }
        return (order.map { $0.held(pages[$0] ?? 0) }, hasOverflowed)
    }
}
