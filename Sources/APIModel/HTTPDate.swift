// SPDX-License-Identifier: Apache-2.0

/// A moment as HTTP headers write it, in whole seconds: `Sun, 06 Nov 1994 08:49:37 GMT`.
///
/// - Source: RFC 9110 §5.6.7.
package struct HTTPDate: Hashable, Comparable, Sendable {
    /// Seconds since 1970-01-01 UTC, of the years 1...9999.
    package let unixSeconds: Int64

    private static let range: ClosedRange<Int64> = -62_135_596_800...253_402_300_799
    private static let weekdays = ["Thu", "Fri", "Sat", "Sun", "Mon", "Tue", "Wed"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    package init(unixSeconds: Int64) {
        self.unixSeconds = min(max(unixSeconds, Self.range.lowerBound), Self.range.upperBound)
    }

    /// Rounds down: a file changed within the second must not look newer than it is.
    package init(unixNanoseconds: Int64) {
        self.init(unixSeconds: floorDivide(unixNanoseconds, 1_000_000_000))
    }

    /// Reads the fixed-length form.
    ///
    /// `nil` for anything else, the two obsolete forms and leap seconds included: a condition with
    /// such a date is not a condition (RFC 9110 §13.1.3), which is always safe.
    package init?(_ text: String) {
        let words = text.split(separator: " ")
        guard words.count == 6, let month = Self.months.firstIndex(of: String(words[2])),
            let moment = Timestamp(
                "\(words[3])-\(padded(Int64(month) + 1, 2))-\(words[1])T\(words[4])Z"
            )
        else { return nil }
        self.init(unixSeconds: floorDivide(moment.unixMilliseconds, 1000))
        guard self.text == text else { return nil }  // Weekday, decimals, blanks, GMT.
    }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.unixSeconds < rhs.unixSeconds }

    /// The fixed-length form.
    package var text: String {
        let days = floorDivide(unixSeconds, 86_400)
        let second = unixSeconds - days * 86_400
        let date = CivilDate(daysSince1970: days)
        let weekday = Self.weekdays[Int(days - floorDivide(days, 7) * 7)]
        let clock = [second / 3600, second / 60 % 60, second % 60].map { padded($0, 2) }
        return "\(weekday), \(padded(date.day, 2)) \(Self.months[Int(date.month) - 1]) "
            + "\(padded(date.year, 4)) \(clock.joined(separator: ":")) GMT"
    }

    package var timestamp: Timestamp { Timestamp(unixMilliseconds: unixSeconds * 1000) }
}
