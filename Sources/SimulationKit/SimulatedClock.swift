// SPDX-License-Identifier: Apache-2.0

import Primitives

/// A machine's monotonic clock: it starts anywhere, runs a little fast or slow, and may leap ahead.
///
///     reading = offset + (true time - time asleep) × rate
struct SimulatedClock: Sendable {
    private var offsetMS: UInt64
    private let ratePerMille: UInt64
    private var asleepUS: UInt64 = 0

    private static let yearMS: UInt64 = 365 * 24 * 3_600_000

    init(skewPerMille: UInt64, using random: inout SplitMix64) {
        offsetMS = .random(in: 0...Self.yearMS, using: &random)
        ratePerMille = 1_000 - skewPerMille + .random(in: 0...2 * skewPerMille, using: &random)
    }

    /// What the clock shows at a true time, in milliseconds.
    func readingMS(at nowUS: UInt64) -> UInt64 {
        offsetMS + (nowUS - min(nowUS, asleepUS)) * ratePerMille / 1_000_000
    }

    mutating func leap(byMS leapMS: UInt64) { offsetMS += leapMS }

    /// Stands still for a while that has just begun or just passed.
    mutating func sleep(forUS lengthUS: UInt64) { asleepUS += lengthUS }
}
