// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// How long ago a replica was known to be complete, without synchronised clocks.
///
/// Asked at local time t, a leader (or a worker nearer to it) says "complete up to index i as of a
/// milliseconds before you asked". Once index i is applied here, this replica was complete at t − a.
/// Only the rate of clocks matters, and ages add hop by hop, as HTTP's Age does.
package struct StalenessBound: Sendable {
    private var completeAtMS: UInt64?
    /// Statements whose index is not applied here yet, oldest first, at most 16: enough to span the
    /// time a replica trails, and the oldest must stay or a busy one would never age well.
    private var promised: [(index: LogIndex, completeAtMS: UInt64)] = []

    package init() {}

    /// Somebody said, asked at `askedAtMS`, that it was complete up to `index` `age` ago.
    package mutating func heard(
        index: LogIndex,
        age: Timespan,
        askedAtMS: UInt64,
        applied: LogIndex
    ) {
        let completeAt = askedAtMS - min(age.milliseconds, askedAtMS)
        if index <= applied {
            completeAtMS = max(completeAtMS ?? 0, completeAt)
        } else if promised.count < 16 {
            promised.append((index, completeAt))
        }
    }

    /// The age at `nowMS` of a replica that holds everything up to `applied`.
    package mutating func age(nowMS: UInt64, applied: LogIndex) -> Timespan? {
        for promise in promised where promise.index <= applied {
            completeAtMS = max(completeAtMS ?? 0, promise.completeAtMS)
        }
        promised.removeAll { $0.index <= applied }
        return completeAtMS.map { Timespan(milliseconds: nowMS - min($0, nowMS)) }
    }
}

/// When a source's clock read what it says, by the own clock at the earliest.
///
/// A beacon is not asked for, so it does not say how long it was on its way. But a source that was asked
/// something at t by the own clock, and said that its clock read s, read it at t or later; what it reads
/// at s + d it reads at t + d or later, as far as both clocks run alike.
package struct SourceClock: Sendable, Equatable {
    /// Clocks differ in rate by less than this many thousandths (Linux slews by 0.5 at most).
    private static let drift: UInt64 = 1
    /// An anchor is given up for a newer one, though that was longer on its way.
    private static let lifetimeMS: UInt64 = 60_000

    private var anchor: (askedAtMS: UInt64, reading: UInt64)?

    package init() {}

    package static func == (one: Self, other: Self) -> Bool {
        one.anchor?.askedAtMS == other.anchor?.askedAtMS
            && one.anchor?.reading == other.anchor?.reading
    }

    /// The source was asked something, and its clock has read `reading` since.
    package mutating func asked(atMS: UInt64, reading: UInt64) {
        if let known = moment(of: reading), let anchor,
            known >= atMS, reading - min(anchor.reading, reading) < Self.lifetimeMS
        {
            return  // The one before says more.
        }
        anchor = (atMS, reading)
    }

    /// When its clock has read this, at the earliest; `nil` while nothing was asked.
    package func moment(of reading: UInt64) -> UInt64? {
        guard let anchor, reading >= anchor.reading else { return nil }
        let passed = reading - anchor.reading
        return anchor.askedAtMS + passed - passed / 1000 * Self.drift
    }
}
