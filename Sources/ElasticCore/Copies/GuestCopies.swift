// SPDX-License-Identifier: Apache-2.0

/// Copies that a worker keeps only because they are hot: until nobody has read them for a while.
///
/// At most ``unitLimit`` units; of more none is taken.
package struct GuestCopies: Sendable {
    package static let unitLimit = 1_024
    /// How long one stays that nobody reads, in milliseconds.
    package static let idleMS: UInt64 = 60_000

    /// In the order in which they came.
    private var order: [UnitName] = []
    /// When each was read last, or came.
    private var readAtMS: [UnitName: UInt64] = [:]

    package init() {}

    package var isEmpty: Bool { order.isEmpty }

    package func contains(_ unit: UnitName) -> Bool { readAtMS[unit] != nil }

    /// Takes one in; `false` where there is no more room.
    package mutating func take(_ unit: UnitName, nowMS: UInt64) -> Bool {
        if readAtMS[unit] == nil {
            guard order.count < Self.unitLimit else { return false }
            order.append(unit)
        }
        readAtMS[unit] = nowMS
        return true
    }

    /// Takes the loads of a window.
    ///
    /// - Returns: Those that nobody wants any more: forgotten here, to be given back.
    package mutating func heard(_ loads: [UnitLoad], nowMS: UInt64) -> [UnitName] {
        guard !order.isEmpty else { return [] }
        for load in loads where readAtMS[load.unit] != nil { readAtMS[load.unit] = nowMS }
        let cooled = order.filter { unit in
            let read = readAtMS[unit] ?? 0
            return nowMS - min(read, nowMS) >= Self.idleMS
        }
        for unit in cooled { readAtMS[unit] = nil }
        order.removeAll { readAtMS[$0] == nil }
        return cooled
    }
}
