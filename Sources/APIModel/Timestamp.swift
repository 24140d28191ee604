// SPDX-License-Identifier: Apache-2.0

/// A moment as the API writes it: `2026-01-02T03:04:05.678Z`.
///
/// Whole milliseconds since 1970-01-01 UTC, of the years 0000...9999; leap seconds do not exist.
/// - Source: RFC 3339 §5.6.
package struct Timestamp: Hashable, Comparable, Sendable {
    /// Since 1970-01-01T00:00:00Z.
    package let unixMilliseconds: Int64

    /// What four digits of a year can show.
    private static let range: ClosedRange<Int64> = -62_167_219_200_000...253_402_300_799_999

    /// Moves what four digits of a year cannot show to the nearest that they can.
    package init(unixMilliseconds: Int64) {
        self.unixMilliseconds = min(
            max(unixMilliseconds, Self.range.lowerBound),
            Self.range.upperBound
        )
    }

    /// As above, for what the catalog holds.
    package init(unixMilliseconds: UInt64) {
        self.init(unixMilliseconds: Int64(clamping: unixMilliseconds))
    }

    /// Rounds down to a millisecond, before 1970 too.
    package init(unixNanoseconds: Int64) {
        self.init(unixMilliseconds: floorDivide(unixNanoseconds, 1_000_000))
    }

    package static func < (lhs: Self, rhs: Self) -> Bool {
        lhs.unixMilliseconds < rhs.unixMilliseconds
    }
}

extension Timestamp: CustomStringConvertible {
    /// RFC 3339 in UTC with three decimals.
    package var description: String {
        let days = floorDivide(unixMilliseconds, 86_400_000)
        let rest = unixMilliseconds - days * 86_400_000
        let date = CivilDate(daysSince1970: days)
        let day = "\(padded(date.year, 4))-\(padded(date.month, 2))-\(padded(date.day, 2))"
        let minute = "\(padded(rest / 3_600_000, 2)):\(padded(rest / 60_000 % 60, 2))"
        return "\(day)T\(minute):\(padded(rest / 1000 % 60, 2)).\(padded(rest % 1000, 3))Z"
    }
}

extension Timestamp: Codable {
    package init(from decoder: any Decoder) throws {
        let container = try decoder.singleValueContainer()
        let text = try container.decode(String.self)
        guard let value = Timestamp(text) else {
            throw DecodingError.dataCorruptedError(
                in: container,
                debugDescription: "'\(text)' is no RFC 3339 time"
            )
        }
        self = value
    }

    package func encode(to encoder: any Encoder) throws {
        var container = encoder.singleValueContainer()
        try container.encode(description)
    }
}

/// The quotient rounded towards minus infinity.
func floorDivide(_ value: Int64, _ divisor: Int64) -> Int64 {
    value / divisor - (value % divisor < 0 ? 1 : 0)
}

func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.count)) + digits
}
