// SPDX-License-Identifier: Apache-2.0

/// How many more copies the first owner of hot units has made than their mounts ask for.
///
/// ```
///   load of one holder ≥ raise ──▶ one copy more, at most two      (each window one)
///   the others would stay below half of raise for 30 s ──▶ one copy less
/// ```
/// Bounded by ``unitLimit``: the units that were hot first keep their place.
package struct CopyLevels: Sendable {
    package static let unitLimit = 256
    /// What one worker should not have to serve of one unit alone, in ``UnitLoad/perSecond``: 4,000 small
    /// reads or 235 MiB a second.
    package static let raise: UInt64 = 4_000
    /// How long a copy outlives its use, in milliseconds.
    package static let calmMS: UInt64 = 30_000

    fileprivate struct Level: Sendable {
        /// Copies wanted, and copies there, beyond the mounts'.
        var wanted = 0
        var made = 0
        var calmSinceMS: UInt64?
    }

    /// In the order in which they became hot.
    private var order: [UnitName] = []
    private var levels: [UnitName: Level] = [:]

    package init() {}

    package var isEmpty: Bool { order.isEmpty }

    /// Copies that readers may be told of, beyond the mounts'.
    package func made(of unit: UnitName) -> Int { levels[unit]?.made ?? 0 }

    /// Takes the loads of a window.
    ///
    /// - Parameters:
    ///   - loads: What this worker served; units that are missing had none.
    ///   - room: How many workers keep a unit without any heat, and how many more could; `nil`: it is not
    ///     this worker's to have it copied.
    ///   - nowMS: Of a clock that never goes back.
    /// - Returns: Units of which more copies are wanted than are there.
    package mutating func heard(
        _ loads: [UnitLoad],
        room: (UnitName) -> (copies: Int, spare: Int)?,
        nowMS: UInt64
    ) -> [(unit: UnitName, extra: Int)] {
        for load in loads where load.perSecond >= Self.raise && levels[load.unit] == nil {
            guard order.count < Self.unitLimit, room(load.unit) != nil else { continue }
            order.append(load.unit)
            levels[load.unit] = Level()
        }
        guard !order.isEmpty else { return [] }
        let perSecond = Dictionary(loads.map { ($0.unit, $0.perSecond) }) { first, _ in first }
        for unit in order {
            guard let room = room(unit) else {
                levels[unit] = nil
                continue
            }
            levels[unit]?.judge(perSecond[unit] ?? 0, room, nowMS: nowMS)
            if levels[unit]?.wanted == 0 { levels[unit] = nil }
        }
        order.removeAll { levels[$0] == nil }
        return order.compactMap { unit in
            guard let level = levels[unit], level.made < level.wanted else { return nil }
            return (unit, level.wanted)
        }
    }

    /// So many copies of a unit are there, beyond the mounts'.
    package mutating func made(_ extra: Int, of unit: UnitName) { levels[unit]?.made = extra }
}

extension CopyLevels.Level {
    /// One copy more or less; the load is that of one of all holders, among which readers spread.
    fileprivate mutating func judge(
        _ load: UInt64,
        _ room: (copies: Int, spare: Int),
        nowMS: UInt64
    ) {
        wanted = min(wanted, room.spare)
        if load >= CopyLevels.raise, made == wanted { wanted = min(wanted + 1, room.spare) }
        let holders = UInt64(room.copies + made)
        let isCalm = holders < 2 || load * holders / (holders - 1) < CopyLevels.raise / 2
        guard isCalm, wanted > 0 else {
            calmSinceMS = nil
            return
        }
        let since = calmSinceMS ?? nowMS
        calmSinceMS = since
        guard nowMS - min(since, nowMS) >= CopyLevels.calmMS else { return }
        wanted -= 1
        made = min(made, wanted)
        calmSinceMS = nowMS
    }
}
