// SPDX-License-Identifier: Apache-2.0

extension Timestamp {
    /// Reads an RFC 3339 time with any offset and any number of decimals; finer than a millisecond is
    /// cut off.
    ///
    /// `nil` for anything else: days that do not exist, a missing offset, second 60.
    package init?(_ text: String) {
        var scanner = DigitScanner(text)
        guard let year = scanner.number(4), scanner.skip("-"), let month = scanner.number(2),
            scanner.skip("-"), let day = scanner.number(2),
            let date = CivilDate(year: year, month: month, day: day),
            scanner.skip("T") || scanner.skip("t") || scanner.skip(" "),
            let hour = scanner.number(2), hour < 24, scanner.skip(":"),
            let minute = scanner.number(2), minute < 60, scanner.skip(":"),
            let second = scanner.number(2), second < 60,
            let millisecond = scanner.fraction(),
            let offsetMinutes = scanner.offset(), scanner.isAtEnd
        else { return nil }

        let minutes = (date.daysSince1970 * 24 + hour) * 60 + minute - offsetMinutes
        self.init(unixMilliseconds: (minutes * 60 + second) * 1000 + millisecond)
    }
}

private struct DigitScanner {
    private var rest: Substring.UTF8View

    init(_ text: String) { rest = text[...].utf8 }

    var isAtEnd: Bool { rest.isEmpty }

    mutating func skip(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest.removeFirst()
        return true
    }

    mutating func digit() -> Int64? {
        guard let byte = rest.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
        else { return nil }
        rest.removeFirst()
        return Int64(byte - UInt8(ascii: "0"))
    }

    mutating func number(_ width: Int) -> Int64? {
        var value: Int64 = 0
        for _ in 0..<width {
            guard let digit = digit() else { return nil }
            value = value * 10 + digit
        }
        return value
    }

    /// Milliseconds of `.123456`; 0 where there is no point.
    mutating func fraction() -> Int64? {
        guard skip(".") else { return 0 }
        guard let tenths = digit() else { return nil }
        var value = tenths * 100
        var weight: Int64 = 10
        while let digit = digit() {
            value += digit * weight
            weight /= 10
        }
        return value
    }

    /// Minutes east of UTC of `Z` or `+01:30`.
    mutating func offset() -> Int64? {
        if skip("Z") || skip("z") { return 0 }
        let isEast = skip("+")
        guard isEast || skip("-"), let hours = number(2), hours < 24, skip(":"),
            let minutes = number(2), minutes < 60
        else { return nil }
        return (hours * 60 + minutes) * (isEast ? 1 : -1)
    }
}
