// SPDX-License-Identifier: Apache-2.0

/// How many of the events of the last five seconds were late, in slots of half a second.
///
/// That the 95th percentile is over a limit is to say that more than one in twenty is over it, so
/// counting the late ones is enough: bounded memory, no sorting, integers only.
struct DelayShare: Sendable {
    private struct Slot: Sendable {
        var number: UInt64 = 0
        var count: UInt64 = 0
        var lateCount: UInt64 = 0
    }

    static let slotMS: UInt64 = 500
    static let slotCount: UInt64 = 10
    /// Late events without which nothing is said: one hiccup is no disk's fault.
    static let leastLate: UInt64 = 3

    private var slots = [Slot](repeating: Slot(), count: Int(slotCount))

    mutating func add(isLate: Bool, now: UInt64) { add(1, late: isLate ? 1 : 0, now: now) }

    /// So many events at once, and of them so many late ones.
    mutating func add(_ count: Int, late lateCount: Int, now: UInt64) {
        guard count > 0 else { return }
        let number = now / Self.slotMS
        let place = Int(number % Self.slotCount)
        if slots[place].number != number { slots[place] = Slot(number: number) }
        slots[place].count += UInt64(count)
        slots[place].lateCount += UInt64(lateCount)
    }

    /// Whether the 95th percentile of the last five seconds is late.
    func isMostlyLate(now: UInt64) -> Bool {
        let number = now / Self.slotMS
        let recent = slots.filter { $0.number + Self.slotCount > number }
        let late = recent.reduce(0) { $0 + $1.lateCount }
        let count = recent.reduce(0) { $0 + $1.count }
        return late >= Self.leastLate && late * 20 > count
    }
}

/// When a leader may hand over for a reason that may not go away: each time after twice the pause of
/// the last, ten minutes at most.
///
/// Where all disks are slow, or a preferred voter cannot hold what it is offered, leadership would
/// otherwise go round for ever.
struct HandoverPatience: Sendable {
    private var pauseMS: UInt64 = 0
    private var nextMS: UInt64 = 0

    static let longestMS: UInt64 = 600_000

    func allows(now: UInt64) -> Bool { now >= nextMS }

    mutating func used(now: UInt64, leastMS: UInt64) {
        // Long quiet: the reason had gone away.
        if now > nextMS + 10 * pauseMS { pauseMS = 0 }
        pauseMS = min(max(leastMS, 2 * pauseMS), Self.longestMS)
        nextMS = now + pauseMS
    }
}

/// What a leader remembers to tell who is late: how long its log was at the last heartbeats.
struct Lateness: Sendable {
    private var lengths: [(timeMS: UInt64, last: UInt64)] = []
    /// When the commit index last moved, or began to have something to move to; on our clock.
    var progressMS: UInt64 = 0

    private static let limit = 64

    mutating func note(_ last: UInt64, now: UInt64) {
        if lengths.count == Self.limit { lengths.removeFirst() }
        lengths.append((now, last))
    }

    /// The index up to which everything was there `ageMS` ago; `nil` if that is not known.
    func length(_ ageMS: UInt64, before now: UInt64) -> UInt64? {
        lengths.last { $0.timeMS + ageMS <= now }?.last
    }
}
