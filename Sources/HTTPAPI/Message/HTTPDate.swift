// SPDX-License-Identifier: Apache-2.0
import Foundation

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
        let quotient = unixNanoseconds / 1_000_000_000
        self.init(unixSeconds: quotient - (unixNanoseconds % 1_000_000_000 < 0 ? 1 : 0))
    }

    package static var now: Self {
        Self(unixSeconds: Int64(Date().timeIntervalSince1970.rounded(.down)))
    }

    package static func < (lhs: Self, rhs: Self) -> Bool { lhs.unixSeconds < rhs.unixSeconds }

    /// The fixed-length form.
    package var text: String {
        let days = floorQuotient(unixSeconds, 86_400)
        let second = unixSeconds - days * 86_400
        let (year, month, day) = Self.civil(days)
        let weekday = Self.weekdays[Int(days - floorQuotient(days, 7) * 7)]
        let clock = [second / 3600, second / 60 % 60, second % 60].map { padded($0, 2) }
        return "\(weekday), \(padded(day, 2)) \(Self.months[month - 1]) \(padded(Int64(year), 4)) "
            + "\(clock.joined(separator: ":")) GMT"
    }

    /// Reads the fixed-length form.
    ///
    /// `nil` for anything else, the two obsolete forms included: a condition with such a date is not
    /// a condition (RFC 9110 §13.1.3), which is always safe.
    package init?(_ text: String) {
        let words = text.split(separator: " ", omittingEmptySubsequences: false).map(String.init)
        guard text.utf8.count == 29, words.count == 6, words[0].utf8.count == 4,
            words[5] == "GMT", let day = decimal(words[1]),
            let month = Self.months.firstIndex(of: words[2]), let year = decimal(words[3]),
            (1...9999).contains(year)
        else { return nil }
        let clock = words[4].split(separator: ":").compactMap { decimal($0) }
        guard clock.count == 3, clock[0] < 24, clock[1] < 60, clock[2] <= 60, day >= 1,
            day <= 31
        else { return nil }

        let days = Self.days(year: Int64(year), month: month + 1, day: Int64(day))
        let ofDay = Int64(clock[0] * 3600 + clock[1] * 60 + min(clock[2], 59))
        self.init(unixSeconds: days * 86_400 + ofDay)
        guard self.text.prefix(16) == text.prefix(16) else { return nil }  // e.g. 31 Feb
    }

    // MARK: - Calendar

    /// Source: Hinnant, "chrono-Compatible Low-Level Date Algorithms", `civil_from_days`.
    private static func civil(_ days: Int64) -> (year: Int64, month: Int, day: Int64) {
        let shifted = days + 719_468
        let era = floorQuotient(shifted, 146_097)
        let ofEra = shifted - era * 146_097
        let year = (ofEra - ofEra / 1460 + ofEra / 36_524 - ofEra / 146_096) / 365
        let ofYear = ofEra - (365 * year + year / 4 - year / 100)
        let month = (5 * ofYear + 2) / 153
        let day = ofYear - (153 * month + 2) / 5 + 1
        let civilMonth = Int(month < 10 ? month + 3 : month - 9)
        return (year + era * 400 + (civilMonth <= 2 ? 1 : 0), civilMonth, day)
    }

    /// Source: as above, `days_from_civil`.
    private static func days(year: Int64, month: Int, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = floorQuotient(shifted, 400)
        let ofEra = shifted - era * 400
        let ofYear = (153 * Int64(month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        return era * 146_097 + ofEra * 365 + ofEra / 4 - ofEra / 100 + ofYear - 719_468
    }
}

private func floorQuotient(_ value: Int64, _ divisor: Int64) -> Int64 {
    value / divisor - (value % divisor < 0 ? 1 : 0)
}

private func padded(_ value: Int64, _ width: Int) -> String {
    let digits = String(value)
    return String(repeating: "0", count: max(0, width - digits.utf8.count)) + digits
}
