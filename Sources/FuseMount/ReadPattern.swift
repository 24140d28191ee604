// SPDX-License-Identifier: Apache-2.0

/// Whether one open file is read front to back, and how far ahead that makes it worth fetching.
///
/// The kernel sends several read-ahead requests at once and they reach us in any order, so "next"
/// is anything near the furthest byte asked for.
package struct ReadPattern: Sendable {
    /// How far from the expected offset a request still counts as the next one, in bytes.
    package static let tolerance: UInt64 = 4 << 20
    /// Sequential requests in a row before anything is fetched ahead.
    package static let threshold = 2
    /// First hint, in bytes.
    package static let firstHint: UInt64 = 4 << 20
    /// Largest hint, in bytes.
    package static let largestHint: UInt64 = 16 << 20

    private var expected: UInt64 = 0
    private var run = 0
    private var hint: UInt64 = 0

    /// A file of which nothing was read yet.
    package init() {}

    /// Notes a read and returns the bytes behind it that will likely be wanted next.
    ///
    /// 0 for random access and at the end of the file. `range` lies within `size`.
    package mutating func readAhead(for range: Range<UInt64>, size: UInt64) -> UInt64 {
        let distance =
            range.lowerBound > expected
            ? range.lowerBound - expected : expected - range.lowerBound
        guard distance <= Self.tolerance else {
            self = Self()
            expected = range.upperBound
            run = 1
            return 0
        }
        expected = max(expected, range.upperBound)
        run += 1
        guard run >= Self.threshold else { return 0 }
        hint = hint == 0 ? Self.firstHint : min(hint * 2, Self.largestHint)
        return min(hint, size - range.upperBound)
    }
}
