// SPDX-License-Identifier: Apache-2.0

/// A set of small numbers, one bit each.
struct BitSet: Hashable {
    private(set) var words: [UInt64]

    /// Room for the numbers below `count`.
    init(count: Int) {
        words = Array(repeating: 0, count: (count + 63) / 64)
    }

    mutating func insert(_ member: Int) { words[member / 64] |= 1 << UInt64(member % 64) }

    mutating func remove(_ member: Int) { words[member / 64] &= ~(1 << UInt64(member % 64)) }

    func contains(_ member: Int) -> Bool {
        words[member / 64] & (1 << UInt64(member % 64)) != 0
    }

    /// Whether every member is one of `other`, which has room for as many.
    func isSubset(of other: Self) -> Bool {
        words.indices.allSatisfy { words[$0] & ~other.words[$0] == 0 }
    }
}
