// SPDX-License-Identifier: Apache-2.0

/// A length of time in whole milliseconds, printed and read as operators write it: `30s`, `5m`.
///
/// Cores use it instead of `Duration`: one integer, the same in every encoding.
package struct Timespan: Hashable, Comparable, Sendable {
    package let milliseconds: UInt64

    package init(milliseconds: UInt64) { self.milliseconds = milliseconds }

    package static func seconds(_ count: UInt64) -> Self { Self(milliseconds: count * 1000) }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.milliseconds < rhs.milliseconds }

    package var duration: Duration { .milliseconds(Int64(clamping: milliseconds)) }

    private static let units: [(name: String, milliseconds: UInt64)] = [
        ("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000), ("ms", 1),
    ]

    /// Reads a whole number and a unit (`ms`, `s`, `m`, `h`, `d`); `nil` for anything else.
    package init?(_ text: String) {
        let digits = text.utf8.prefix { $0 >= UInt8(ascii: "0") && $0 <= UInt8(ascii: "9") }
        let unitName = String(text.dropFirst(digits.count))
        guard let number = UInt64(String(digits) ?? ""),
            let unit = Self.units.first(where: { $0.name == unitName })
        else { return nil }

        let (total, isOverflow) = number.multipliedReportingOverflow(by: unit.milliseconds)
        guard !isOverflow, total <= UInt64(Int64.max) else { return nil }
        self.init(milliseconds: total)
    }
}

extension Timespan: CustomStringConvertible {
    /// The largest unit that divides it exactly.
    package var description: String {
        guard milliseconds > 0,
            let unit = Self.units.first(where: { milliseconds % $0.milliseconds == 0 })
        else { return "0s" }
        return "\(milliseconds / unit.milliseconds)\(unit.name)"
    }
}
