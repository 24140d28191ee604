// SPDX-License-Identifier: Apache-2.0

import APIModel
import Testing

struct TimestampTests {
    // swift-format-ignore
    static let moments: [(milliseconds: Int64, text: String)] = [
        (0,                       "1970-01-01T00:00:00.000Z"),
        (-1,                      "1969-12-31T23:59:59.999Z"),
        (951_782_400_000,         "2000-02-29T00:00:00.000Z"),
        (951_868_800_000,         "2000-03-01T00:00:00.000Z"),
        (1_709_251_199_001,       "2024-02-29T23:59:59.001Z"),
        (1_767_225_600_000,       "2026-01-01T00:00:00.000Z"),
        (4_107_542_400_000,       "2100-03-01T00:00:00.000Z"),
        (-2_203_891_200_000,      "1900-03-01T00:00:00.000Z"),
        (-62_167_219_200_000,     "0000-01-01T00:00:00.000Z"),
        (253_402_300_799_999,     "9999-12-31T23:59:59.999Z"),
    ]

    @Test(arguments: moments)
    func bothDirections(_ row: (milliseconds: Int64, text: String)) {
        #expect(Timestamp(unixMilliseconds: row.milliseconds).description == row.text)
        #expect(Timestamp(row.text)?.unixMilliseconds == row.milliseconds)
    }

    // swift-format-ignore
    static let spellings: [(text: String, milliseconds: Int64?)] = [
        ("1970-01-01T00:00:01Z",                1000),
        ("1970-01-01t00:00:01z",                1000),
        ("1970-01-01 00:00:01Z",                1000),
        ("1970-01-01T00:00:00.5Z",              500),
        ("1970-01-01T00:00:00.1239Z",           123),
        ("1970-01-01T00:00:00.000999999Z",      0),
        ("1970-01-01T01:00:00+01:00",           0),
        ("1969-12-31T18:30:00-05:30",           0),
        ("1970-01-01T00:00:00",                 nil),
        ("1970-01-01T00:00:00.Z",               nil),
        ("1970-01-01T00:00:60Z",                nil),
        ("1970-01-01T24:00:00Z",                nil),
        ("1970-13-01T00:00:00Z",                nil),
        ("1970-00-01T00:00:00Z",                nil),
        ("1970-02-29T00:00:00Z",                nil),
        ("1900-02-29T00:00:00Z",                nil),
        ("1970-04-31T00:00:00Z",                nil),
        ("1970-01-00T00:00:00Z",                nil),
        ("70-01-01T00:00:00Z",                  nil),
        ("1970-01-01T00:00:00Z ",               nil),
        ("1970-01-01T00:00:00+1:00",            nil),
        ("1970-01-01T00:00:00+24:00",           nil),
        ("",                                    nil),
    ]

    @Test(arguments: spellings)
    func parsing(_ row: (text: String, milliseconds: Int64?)) {
        #expect(Timestamp(row.text)?.unixMilliseconds == row.milliseconds)
    }

    /// Goal: every day of four eras is its own date, and the next day follows it.
    @Test func everyDayRoundTrips() {
        var previous = ""
        for day in stride(from: Int64(-730_000), through: 146_097 * 2, by: 1) {
            let moment = Timestamp(unixMilliseconds: day * 86_400_000)
            let text = moment.description
            guard day % 97 == 0 || text.hasSuffix("-01T00:00:00.000Z") else { continue }
            #expect(Timestamp(text) == max(moment, Timestamp(unixMilliseconds: .min as Int64)))
            #expect(text >= previous)
            previous = text
        }
        #expect(previous > "2760")
    }

    @Test func nanosecondsAreRoundedDown() {
        #expect(Timestamp(unixNanoseconds: 1_999_999).unixMilliseconds == 1)
        #expect(Timestamp(unixNanoseconds: -1).unixMilliseconds == -1)
        #expect(Timestamp(unixNanoseconds: -1_000_000).unixMilliseconds == -1)
        #expect(Timestamp(unixNanoseconds: .max).description == "2262-04-11T23:47:16.854Z")
    }

    @Test func whatFourDigitsCannotShowIsMovedIn() {
        #expect(Timestamp(unixMilliseconds: UInt64.max).description.hasPrefix("9999-12-31"))
        #expect(Timestamp(unixMilliseconds: Int64.min).description.hasPrefix("0000-01-01"))
    }
}
