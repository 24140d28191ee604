// SPDX-License-Identifier: Apache-2.0

/// Times as S3 writes and reads them, without a calendar library: proleptic Gregorian, UTC, no leap
/// seconds.
package enum S3Timestamp {
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// `20150830T123600Z`, as a signature's `x-amz-date` has it.
    ///
    /// For 0...253402300799 (the year 9999); anything else is clamped.
    package static func basic(unixSeconds: Int64) -> String {
        let seconds = min(max(unixSeconds, 0), 253_402_300_799)
        let (year, month, day) = date(ofDay: seconds / 86_400)
        let time = seconds % 86_400
        return padded(year, 4) + padded(month, 2) + padded(day, 2) + "T"
            + padded(time / 3600, 2) + padded(time / 60 % 60, 2) + padded(time % 60, 2) + "Z"
    }

    /// Seconds since 1970 of `Sun, 06 Nov 1994 08:49:37 GMT`; `nil` for any other form.
    ///
    /// - Source: RFC 9110 §5.6.7, IMF-fixdate; its obsolete forms are not read.
    package static func httpDate(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count == 29, text.hasSuffix(" GMT"), bytes[3] == UInt8(ascii: ","),
            bytes[4] == space, bytes[7] == space, bytes[11] == space, bytes[16] == space,
            let month = months.firstIndex(where: { bytes[8..<11].elementsEqual($0.utf8) }),
            let day = number(bytes[5..<7]), let year = number(bytes[12..<16]),
            let time = timeOfDay(bytes[17..<25])
        else { return nil }
        return seconds(year: year, month: Int64(month) + 1, day: day, time: time)
    }

    /// Whole seconds since 1970 of `2009-10-12T17:50:30.000Z`, fraction of any length or none.
    ///
    /// The fraction is dropped: `Last-Modified` has none, and both must tell the same time.
    package static func iso8601(_ text: String) -> Int64? {
        let bytes = Array(text.utf8)
        guard bytes.count >= 20, bytes.last == UInt8(ascii: "Z"), bytes[10] == UInt8(ascii: "T"),
            bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            let year = number(bytes[0..<4]), let month = number(bytes[5..<7]),
            let day = number(bytes[8..<10]), let time = timeOfDay(bytes[11..<19]),
            isFraction(bytes[19..<bytes.count - 1])
        else { return nil }
        return seconds(year: year, month: month, day: day, time: time)
    }

    // MARK: - Calendar

    private static let space = UInt8(ascii: " ")

    private static func seconds(year: Int64, month: Int64, day: Int64, time: Int64) -> Int64? {
        guard (1...12).contains(month), (1...31).contains(day) else { return nil }
        let dayNumber = dayNumber(year: year, month: month, day: day)
        guard date(ofDay: dayNumber) == (year, month, day) else { return nil }  // 31 April
        return dayNumber * 86_400 + time
    }

    /// Days since 1970-01-01.
    ///
    /// - Source: Howard Hinnant, "chrono-Compatible Low-Level Date Algorithms", `days_from_civil`.
    private static func dayNumber(year: Int64, month: Int64, day: Int64) -> Int64 {
        let shifted = month <= 2 ? year - 1 : year
        let era = (shifted >= 0 ? shifted : shifted - 399) / 400
        let yearOfEra = shifted - era * 400
        let dayOfYear = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1
        return era * 146_097 + yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
            - 719_468
    }

    /// The inverse, `civil_from_days` of the same source.
    private static func date(ofDay day: Int64) -> (year: Int64, month: Int64, day: Int64) {
        let shifted = day + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
        return (year, month, dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
    }

    // MARK: - Digits

    private static func timeOfDay(_ bytes: ArraySlice<UInt8>) -> Int64? {
        let start = bytes.startIndex
        guard bytes.count == 8, bytes[start + 2] == UInt8(ascii: ":"),
            bytes[start + 5] == UInt8(ascii: ":"), let hour = number(bytes[start..<start + 2]),
            let minute = number(bytes[start + 3..<start + 5]),
            let second = number(bytes[start + 6..<start + 8]), hour < 24, minute < 60, second < 61
        else { return nil }
        return hour * 3600 + minute * 60 + second
    }

    private static func isFraction(_ bytes: ArraySlice<UInt8>) -> Bool {
        bytes.isEmpty
            || (bytes.first == UInt8(ascii: ".") && bytes.count > 1
                && number(bytes.dropFirst().prefix(18)) != nil)
    }

    private static func number(_ digits: ArraySlice<UInt8>) -> Int64? {
        var value: Int64 = 0
        for digit in digits {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(digit) else { return nil }
            value = value * 10 + Int64(digit - UInt8(ascii: "0"))
        }
        return digits.isEmpty ? nil : value
    }

    private static func padded(_ value: Int64, _ width: Int) -> String {
        let digits = String(value)
        return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
}
