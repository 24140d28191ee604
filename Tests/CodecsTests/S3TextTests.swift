// SPDX-License-Identifier: Apache-2.0
import Codecs
import Primitives
import Testing

@Suite struct S3KeyEncodingTests {
    // swift-format-ignore
    static let rows: [(key: ByteString, path: String)] = [
        ("",                       ""),
        ("a/b//c",                 "a/b//c"),
        ("a b+c%d",                "a%20b%2Bc%25d"),
        ("-._~",                   "-._~"),
        ("!*'()&$@=;:,?#",         "%21%2A%27%28%29%26%24%40%3D%3B%3A%2C%3F%23"),
        ("é",                      "%C3%A9"),
        ("e\u{301}",               "e%CC%81"),
        ("..//./",                 "..//./"),
        (ByteString([0, 0x7F, 0xFF]), "%00%7F%FF"),
    ]

    @Test(arguments: rows)
    func aKeyIsEncodedByteByByte(key: ByteString, path: String) {
        #expect(S3KeyEncoding.encoded(key.bytes, slash: .kept) == path)
        #expect(S3KeyEncoding.decoded(path.utf8) == key)
    }

    @Test func everyByteComesBack() {
        let all = ByteString((0...255).map { UInt8($0) })
        #expect(
            S3KeyEncoding.decoded(S3KeyEncoding.encoded(all.bytes, slash: .encoded).utf8) == all
        )
    }

    /// As S3 itself and stores that write `%20` answer.
    @Test func bothSpellingsOfASpaceAreRead() {
        #expect(S3KeyEncoding.decoded("a+b%20c%2Bd%2bd".utf8) == "a b c+d+d")
    }

    @Test(arguments: ["%", "%4", "a%zz", "%G0", "%-1"])
    func aBrokenEscapeIsNoKey(text: String) {
        #expect(S3KeyEncoding.decoded(text.utf8) == nil)
    }
}

@Suite struct S3TimestampTests {
    // swift-format-ignore
    static let rows: [(seconds: Int64, basic: String, iso: String, http: String)] = [
        (0,           "19700101T000000Z", "1970-01-01T00:00:00Z",          "Thu, 01 Jan 1970 00:00:00 GMT"),
        (784_111_777, "19941106T084937Z", "1994-11-06T08:49:37.000Z",      "Sun, 06 Nov 1994 08:49:37 GMT"),
        (951_782_400, "20000229T000000Z", "2000-02-29T00:00:00.123456789Z", "Tue, 29 Feb 2000 00:00:00 GMT"),
        (1_440_938_160, "20150830T123600Z", "2015-08-30T12:36:00.5Z",      "Sun, 30 Aug 2015 12:36:00 GMT"),
        (4_102_444_799, "20991231T235959Z", "2099-12-31T23:59:59Z",        "Thu, 31 Dec 2099 23:59:59 GMT"),
    ]

    @Test(arguments: rows)
    func allThreeFormsTellTheSameTime(seconds: Int64, basic: String, iso: String, http: String) {
        #expect(S3Timestamp.basic(unixSeconds: seconds) == basic)
        #expect(S3Timestamp.iso8601(iso) == seconds)
        #expect(S3Timestamp.httpDate(http) == seconds)
    }

    /// Every day of 400 years, through both directions of the calendar.
    @Test func everyDayComesBack() {
        var wrong: [Int64] = []
        for day in Int64(0)..<146_097 {
            let text = S3Timestamp.basic(unixSeconds: day * 86_400)
            let iso =
                "\(text.prefix(4))-\(text.dropFirst(4).prefix(2))-\(text.dropFirst(6).prefix(2))"
            if S3Timestamp.iso8601("\(iso)T00:00:00Z") != day * 86_400 { wrong.append(day) }
        }
        #expect(wrong == [])
    }

    // swift-format-ignore
    static let broken = [
        "", "2015", "2015-08-30", "2015-08-30T12:36:00", "2015-13-30T12:36:00Z", "2015-02-29T00:00:00Z",
        "2015-08-00T12:36:00Z", "2015-08-30T24:00:00Z", "2015-08-30T12:60:00Z", "2015-08-30T12:36:00.Z",
        "2015-08-30T12:36:00,5Z", "+015-08-30T12:36:00Z", "2015-08-30T12:36:00.5+00:00", "99999999999999999999Z",
        "Sun, 06 Nov 1994 08:49:37 UTC", "Sun, 06 Foo 1994 08:49:37 GMT", "Sunday, 06-Nov-94 08:49:37 GMT",
        "Sun, 31 Apr 1994 08:49:37 GMT", "Sun, 6 Nov 1994 08:49:37 GMT", "Sun, 06 Nov 1994 08:49:37  GMT",
    ]

    @Test(arguments: broken)
    func nothingElseIsATime(text: String) {
        #expect(S3Timestamp.iso8601(text) == nil)
        #expect(S3Timestamp.httpDate(text) == nil)
    }
}
