// SPDX-License-Identifier: Apache-2.0

/// 128 random bits that name one thing forever, written as RFC 9562 does: `8-4-4-4-12` hex digits.
///
/// The caller brings the randomness: this module has none.
package struct UniqueID: Hashable, Comparable, Sendable {
    package let high: UInt64
    package let low: UInt64

    package init(high: UInt64, low: UInt64) {
        self.high = high
        self.low = low
    }

    /// Draws a version 4 UUID (RFC 9562 §5.4) from `generator`.
    package init(using generator: inout some RandomNumberGenerator) {
        high = generator.next() & 0xFFFF_FFFF_FFFF_0FFF | 0x4000
        low = generator.next() & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
    }

    /// Reads the text form; `nil` unless it is 36 characters, hex digits and hyphens in place.
    package init?(_ text: String) {
        let hyphens: Set = [8, 13, 18, 23]
        let characters = Array(text.utf8)
        guard characters.count == 36 else { return nil }

        var words: (UInt64, UInt64) = (0, 0)
        for (position, character) in characters.enumerated() {
            if hyphens.contains(position) {
                guard character == UInt8(ascii: "-") else { return nil }
                continue
            }
            guard let digit = hexDigit(character) else { return nil }
            words = (words.0 << 4 | words.1 >> 60, words.1 << 4 | UInt64(digit))
        }
        self.init(high: words.0, low: words.1)
    }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        (lhs.high, lhs.low) < (rhs.high, rhs.low)
    }
}

extension UniqueID: CustomStringConvertible {
    package var description: String {
        let digits = hexText(high) + hexText(low)
        let cuts = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32]
        return cuts.map { cut in
            String(digits.dropFirst(cut.lowerBound).prefix(cut.count))
        }.joined(separator: "-")
    }
}

/// Names one cluster: made at `cluster init`, carried by every frame and every data directory.
package struct ClusterID: Hashable, Sendable, CustomStringConvertible {
    package let rawValue: UniqueID

    package init(_ rawValue: UniqueID) { self.rawValue = rawValue }

    package var description: String { rawValue.description }
}

/// Names one data directory: made when it is first used, so a wiped disk is another store.
package struct StoreID: Hashable, Comparable, Sendable, CustomStringConvertible {
    package let rawValue: UniqueID

    package init(_ rawValue: UniqueID) { self.rawValue = rawValue }

    package var description: String { rawValue.description }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.rawValue < rhs.rawValue }
}
