// SPDX-License-Identifier: Apache-2.0
import ElasticCore
import PlacementCore
import Primitives
import Synchronization

/// What a worker that answers readers and its copier have to tell each other: which pages came, what is
/// read much, and which copies there are.
package final class CopyBooks: Sendable {
    private struct State {
        var fresh = FreshPages()
        var levels = CopyLevels()
        var guests = GuestCopies()
    }

    private let state = Mutex(State())
    /// Apart: every read is noted here.
    private let heat = Mutex(UnitHeat(nowMS: 0))
    /// Whether any unit has copies that readers should hear of: asked for every read.
    private let hasLevels = Atomic(false)
    private let now: @Sendable () -> UInt64

    /// Nothing is known yet.
    ///
    /// - Parameter now: Milliseconds of a clock that never goes back.
    package init(now: @escaping @Sendable () -> UInt64 = CopyBooks.clock()) { self.now = now }

    /// Milliseconds since the call.
    package static func clock() -> @Sendable () -> UInt64 {
        let start = ContinuousClock.now
        return { UInt64((ContinuousClock.now - start) / .milliseconds(1)) }
    }

    // MARK: - By whoever answers

    /// A page was stored.
    func stored(_ page: UInt32, of object: ObjectIdentity) {
        state.withLock { $0.fresh.note(page: page, of: object) }
    }

    /// A reader was given so many bytes of a page.
    ///
    /// - Returns: How many copies beyond the mounts' the reader may be told of.
    func read(_ page: UInt32, of object: ObjectIdentity, byteCount: Int) -> Int {
        let unit = UnitName(object: object, page: page)
        heat.withLock { $0.note(unit, byteCount: byteCount) }
        guard hasLevels.load(ordering: .relaxed) else { return 0 }
        return state.withLock { $0.levels.made(of: unit) }
    }

    /// A copy is offered only because it is hot; `false`: there are too many of those here.
    func admitGuest(_ unit: UnitName) -> Bool {
        let nowMS = now()
        return state.withLock { $0.guests.take(unit, nowMS: nowMS) }
    }

    func isGuest(_ unit: UnitName) -> Bool { state.withLock { $0.guests.contains(unit) } }

    // MARK: - By the copier

    func takeFresh() -> (units: [HeldUnit], hasOverflowed: Bool) {
        state.withLock { $0.fresh.take() }
    }

    /// What follows from the last window's reads, once it is over.
    func judge(
        by placement: CopyPlacement
    ) -> (wanted: [(unit: UnitName, extra: Int)], cooled: [UnitName]) {
        let nowMS = now()
        guard let loads = heat.withLock({ $0.turn(nowMS: nowMS) }) else { return ([], []) }
        return state.withLock { state in
            let wanted = state.levels.heard(
                loads,
                room: { placement.isFirstOwner(of: $0) ? placement.room(for: $0) : nil },
                nowMS: nowMS
            )
            hasLevels.store(!state.levels.isEmpty, ordering: .relaxed)
            return (wanted, state.guests.heard(loads, nowMS: nowMS))
        }
    }

    var hasHotUnits: Bool { hasLevels.load(ordering: .relaxed) }

    /// Copies of a unit beyond the mounts' that are there.
    func extra(of unit: UnitName) -> Int { state.withLock { $0.levels.made(of: unit) } }

    /// The copies of a unit are on their keepers' disks.
    func made(_ extra: Int, of unit: UnitName) {
        state.withLock { $0.levels.made(extra, of: unit) }
    }
}
