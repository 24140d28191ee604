// SPDX-License-Identifier: Apache-2.0

/// What the header `Range` asks of a file.
///
/// - Source: RFC 9110 §14.1.2, §14.2.
package enum ByteRange: Hashable, Sendable {
    /// No range, or one to be ignored: another unit, bad syntax, more than one (a client that asks
    /// for several must accept the whole).
    case whole
    case part(Range<UInt64>)
    case unsatisfiable

    package init(_ header: String?, size: UInt64) {
        guard let header, header.lowercased().hasPrefix("bytes=") else {
            self = .whole
            return
        }
        let bounds = header.dropFirst(6).split(separator: "-", omittingEmptySubsequences: false)
            .map { $0.trimmingSpaces }
        guard bounds.count == 2 else {
            self = .whole
            return
        }
        switch (bounds[0].isEmpty, bounds[1].isEmpty) {
        case (true, true): self = .whole
        case (true, false): self.init(suffix: bounds[1], size: size)
        case (false, _): self.init(from: bounds[0], through: bounds[1], size: size)
        }
    }

    /// `bytes=-500`: the last 500.
    private init(suffix: Substring, size: UInt64) {
        guard let count = Self.number(suffix) else {
            self = .whole
            return
        }
        self = count == 0 || size == 0 ? .unsatisfiable : .part(size - min(count, size)..<size)
    }

    /// `bytes=0-499` or `bytes=500-`.
    private init(from first: Substring, through last: Substring, size: UInt64) {
        guard let start = Self.number(first),
            let end = last.isEmpty ? UInt64.max : Self.number(last), start <= end
        else {
            self = .whole
            return
        }
        self = start >= size ? .unsatisfiable : .part(start..<min(end, size - 1) + 1)
    }

    /// Digits; more than 64 bits can hold are as good as the largest number.
    private static func number(_ text: Substring) -> UInt64? {
        guard !text.isEmpty, text.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
            return nil
        }
        return UInt64(text) ?? .max
    }
}
