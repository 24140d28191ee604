// SPDX-License-Identifier: Apache-2.0
import APIModel
import Testing

@Suite struct HTTPDateTests {
    // swift-format-ignore
    static let rows: [(seconds: Int64, text: String)] = [
        (0,             "Thu, 01 Jan 1970 00:00:00 GMT"),
        (784_111_777,   "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_400,   "Tue, 29 Feb 2000 00:00:00 GMT"),
        (-1,            "Wed, 31 Dec 1969 23:59:59 GMT"),
        (4_102_444_799, "Thu, 31 Dec 2099 23:59:59 GMT"),
    ]

    @Test(arguments: rows) func dateReadsAndWrites(_ row: (seconds: Int64, text: String)) {
        #expect(HTTPDate(unixSeconds: row.seconds).text == row.text)
        #expect(HTTPDate(row.text)?.unixSeconds == row.seconds)
    }

    @Test(arguments: [
        "", "now", "Sun, 06 Nov 1994 08:49:37 UTC", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun Nov  6 08:49:37 1994", "Mon, 06 Nov 1994 08:49:37 GMT",
        "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37.5 GMT",
        "Wed, 31 Feb 2000 00:00:00 GMT", "Sun, 06 Nov 1994 24:49:37 GMT",
    ])
    func otherTextIsNoDate(_ text: String) { #expect(HTTPDate(text) == nil) }

    @Test func fractionsAreRoundedDown() {
        #expect(HTTPDate(unixNanoseconds: -1).unixSeconds == -1)
        #expect(HTTPDate(unixNanoseconds: 1_999_999_999).unixSeconds == 1)
    }
}
