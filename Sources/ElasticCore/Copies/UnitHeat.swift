// SPDX-License-Identifier: Apache-2.0

/// What readers took of one unit, a second.
package struct UnitLoad: Hashable, Sendable {
    package let unit: UnitName
    /// One for each read, and one more for each 64 KiB of it.
    package let perSecond: UInt64

    package init(unit: UnitName, perSecond: UInt64) {
        self.unit = unit
        self.perSecond = perSecond
    }
}

/// How much each unit of a worker is read: one window after the other, each counted from nothing.
///
/// At most ``unitLimit`` units a window: a unit that is read that much is among the first to be met again
/// in the next one.
package struct UnitHeat: Sendable {
    package static let unitLimit = 4_096
    /// How long one window is, in milliseconds, where nobody is late.
    package static let windowMS: UInt64 = 1_000
    private static let costlyByteCount: UInt64 = 64 << 10

    /// In the order in which they were met.
    private var order: [UnitName] = []
    private var counts: [UnitName: UInt64] = [:]
    private var beganMS: UInt64

    /// - Parameter nowMS: Of a clock that never goes back.
    package init(nowMS: UInt64) { beganMS = nowMS }

    /// A reader was given so many bytes of a unit.
    package mutating func note(_ unit: UnitName, byteCount: Int) {
        let cost = 1 + UInt64(byteCount) / Self.costlyByteCount
        if let known = counts[unit] {
            counts[unit] = known &+ cost
        } else if order.count < Self.unitLimit {
            order.append(unit)
            counts[unit] = cost
        }
    }

    /// The window's loads, and a new window; `nil` before the window is over.
    package mutating func turn(nowMS: UInt64) -> [UnitLoad]? {
        let elapsed = nowMS - min(beganMS, nowMS)
        guard elapsed >= Self.windowMS else { return nil }
        let loads = order.map { unit in
            UnitLoad(unit: unit, perSecond: (counts[unit] ?? 0) &* 1_000 / elapsed)
        }
        self = Self(nowMS: nowMS)
        return loads
    }
}
