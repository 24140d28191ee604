// SPDX-License-Identifier: Apache-2.0

import Synchronization

/// A number that only grows, for one set of label values.
///
/// Obtain it once and keep it: an update is one atomic addition.
package final class Counter: Sendable {
    private let total = Atomic<UInt64>(0)

    init() {}

    /// Adds `count`; wraps after 2⁶⁴, which a scraper reads as a restart.
    package func add(_ count: UInt64 = 1) { total.wrappingAdd(count, ordering: .relaxed) }

    /// Everything added so far.
    package var value: UInt64 { total.load(ordering: .relaxed) }
}

/// A number that goes up and down, for one set of label values.
package final class Gauge: Sendable {
    private let bits = Atomic<UInt64>(Double.zero.bitPattern)

    init() {}

    /// Replaces the value.
    package func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

    /// Replaces the value; beyond 2⁵³ rounded to the nearest `Double`.
    package func set(_ value: some BinaryInteger) { set(Double(value)) }

    /// The value set last; 0 before.
    package var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }
}

/// How often values fell into each bucket, for one set of label values.
package final class Histogram: Sendable {
    struct Totals: Sendable {
        /// One per bound, not cumulative; the last is for values above every bound.
        var counts: [UInt64]
        var sum: Double = 0
    }

    let bounds: [Double]
    private let totals: Mutex<Totals>

    init(bounds: [Double]) {
        self.bounds = bounds
        totals = Mutex(Totals(counts: Array(repeating: 0, count: bounds.count + 1)))
    }

    /// Counts `value` in the first bucket whose bound is not below it; in the unit of the metric.
    package func observe(_ value: Double) {
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        totals.withLock {
            $0.counts[bucket] += 1
            $0.sum += value
        }
    }

    /// Counts a length of time in seconds.
    package func observe(_ duration: Duration) {
        let (seconds, attoseconds) = duration.components
        observe(Double(seconds) + Double(attoseconds) / 1e18)
    }

    func snapshot() -> Totals { totals.withLock { $0 } }
}
