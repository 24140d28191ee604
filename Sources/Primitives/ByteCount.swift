// SPDX-License-Identifier: Apache-2.0

/// A number of bytes, printed and read as operators write it: `10GiB`, `512KiB`, `100B`.
package struct ByteCount: Hashable, Comparable, Sendable {
    package let bytes: UInt64

    package init(_ bytes: UInt64) { self.bytes = bytes }

    package static func kibibytes(_ count: UInt64) -> Self { Self(count << 10) }
    package static func mebibytes(_ count: UInt64) -> Self { Self(count << 20) }
    package static func gibibytes(_ count: UInt64) -> Self { Self(count << 30) }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.bytes < rhs.bytes }

    private static let units: [(name: String, bytes: UInt64)] = [
        ("TiB", 1 << 40), ("GiB", 1 << 30), ("MiB", 1 << 20), ("KiB", 1 << 10), ("B", 1),
    ]

    /// Reads a whole number and a unit (`B`, `KiB`, `MiB`, `GiB`, `TiB`).
    ///
    /// `nil` without a unit, for other units and for what does not fit 64 bits.
    package init?(_ text: String) {
        let digits = text.utf8.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        let unitName = String(text.dropFirst(digits.count))
        guard let number = UInt64(String(digits) ?? ""),
            let unit = Self.units.first(where: { $0.name == unitName })
        else { return nil }

        let (bytes, isOverflow) = number.multipliedReportingOverflow(by: unit.bytes)
        guard !isOverflow else { return nil }
        self.init(bytes)
    }
}

extension ByteCount: CustomStringConvertible {
    /// The largest unit that leaves at least 1, with one decimal where it is not whole.
    package var description: String {
        guard let unit = Self.units.first(where: { bytes >= $0.bytes }) else { return "0B" }
        let whole = bytes / unit.bytes
        let tenths = (bytes % unit.bytes) * 10 / max(unit.bytes, 1)
        return bytes % unit.bytes == 0 || tenths == 0
            ? "\(whole)\(unit.name)" : "\(whole).\(tenths)\(unit.name)"
    }
}
