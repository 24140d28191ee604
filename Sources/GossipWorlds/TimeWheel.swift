// SPDX-License-Identifier: Apache-2.0

/// What is still to happen within the next seconds, by millisecond; what is due in the same one keeps
/// the order of asking.
///
/// One bucket a millisecond: adding and taking cost the same however much waits, and worlds of a
/// thousand members have many thousands of events a simulated second.
struct TimeWheel<Event: Sendable>: Sendable {
    /// Events may lie ahead by less than this, in milliseconds.
    static var horizonMS: UInt64 { 1 << 14 }

    private var buckets: [[Event]]
    private(set) var nowMS: UInt64 = 0
    /// Events of ``nowMS`` that were taken already.
    private var taken = 0
    private(set) var count = 0

    init() { buckets = Array(repeating: [], count: Int(Self.horizonMS)) }

    /// Adds an event; one beyond the horizon comes at the horizon.
    mutating func add(_ event: Event, at timeMS: UInt64) {
        let time = min(max(timeMS, nowMS), nowMS + Self.horizonMS - 1)
        buckets[Int(time % Self.horizonMS)].append(event)
        count += 1
    }

    /// Takes the next event due by then and sets the time to it; without one sets the time to then.
    mutating func next(by deadlineMS: UInt64) -> Event? {
        while nowMS <= deadlineMS {
            let bucket = Int(nowMS % Self.horizonMS)
            if taken < buckets[bucket].count {
                taken += 1
                count -= 1
                return buckets[bucket][taken - 1]
            }
            buckets[bucket].removeAll(keepingCapacity: true)
            taken = 0
            guard nowMS < deadlineMS else { return nil }
            nowMS += 1
        }
        return nil
    }
}
