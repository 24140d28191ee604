// SPDX-License-Identifier: Apache-2.0

/// Spreads bytes over time: what is taken is owed, and has to be earned before more is taken.
///
///     credit  += elapsed ms × bytes a second      [thousandths of a byte], at most one second's worth
///     take n:  credit −= 1000 × n                 allowed while credit ≥ 0
///
/// So a batch larger than the rate goes out whole, and the next one waits the longer; over time the rate
/// holds to the byte. Integers only.
package struct TokenBucket: Hashable, Sendable {
    /// Above this nothing is held back: 1 TiB/s.
    private static let fastest: UInt64 = 1 << 40
    /// What a bucket that was not used fills up to, in milliseconds of its rate.
    private static let burstMS: UInt64 = 100

    private var credit: Int64 = 0
    private var lastMS: UInt64

    package init(nowMS: UInt64) { lastMS = nowMS }

    /// How long to wait before the next batch may be taken, in milliseconds; 0: now.
    package mutating func wait(bytesPerSecond: UInt64, nowMS: UInt64) -> UInt64 {
        let elapsed = min(nowMS - min(lastMS, nowMS), 3_600_000)
        lastMS = max(lastMS, nowMS)
        guard bytesPerSecond > 0, bytesPerSecond < Self.fastest else {
            credit = 0
            return 0
        }
        let (earned, isTooMuch) = elapsed.multipliedReportingOverflow(by: bytesPerSecond)
        let limit = Int64(bytesPerSecond * Self.burstMS)
        credit = isTooMuch ? limit : min(limit, credit.addingSaturated(Int64(clamping: earned)))
        guard credit < 0 else { return 0 }
        return (credit.magnitude + bytesPerSecond - 1) / bytesPerSecond
    }

    /// Takes a batch that need not wait.
    package mutating func take(_ byteCount: UInt64) {
        credit = credit.addingSaturated(-Int64(clamping: min(byteCount, 1 << 50) * 1000))
    }

    /// Of what was taken, so much was not used after all.
    package mutating func giveBack(_ byteCount: UInt64) {
        credit = credit.addingSaturated(Int64(clamping: min(byteCount, 1 << 50) * 1000))
    }
}

extension Int64 {
    fileprivate func addingSaturated(_ other: Int64) -> Int64 {
        let (sum, isOverflow) = addingReportingOverflow(other)
        guard isOverflow else { return sum }
        return other < 0 ? .min : .max
    }
}
