// SPDX-License-Identifier: Apache-2.0

import Primitives
import Testing

struct UnitTests {
    // swift-format-ignore
    static let sizes: [(text: String, bytes: UInt64?)] = [
        ("0B", 0), ("1B", 1), ("512KiB", 512 << 10), ("10MiB", 10 << 20), ("10GiB", 10 << 30),
        ("2TiB", 2 << 40), ("16777215TiB", 16_777_215 << 40),
        ("", nil), ("10", nil), ("GiB", nil), ("10GB", nil), ("10gib", nil), ("-1B", nil), ("+1B", nil),
        ("1.5GiB", nil), ("1 GiB", nil), ("16777216TiB", nil), ("99999999999999999999B", nil), ("１B", nil),
    ]

    @Test(arguments: sizes)
    func readingSizes(_ row: (text: String, bytes: UInt64?)) {
        #expect(ByteCount(row.text)?.bytes == row.bytes)
    }

    // swift-format-ignore
    static let shownSizes: [(bytes: UInt64, text: String)] = [
        (0, "0B"), (1, "1B"), (1023, "1023B"), (1024, "1KiB"), (1536, "1.5KiB"), (1025, "1KiB"),
        (10 << 30, "10GiB"), (859_993_459_200, "800.9GiB"), (.max, "16777215.9TiB"),
    ]

    @Test(arguments: shownSizes)
    func showingSizes(_ row: (bytes: UInt64, text: String)) {
        #expect(ByteCount(row.bytes).description == row.text)
    }

    // swift-format-ignore
    static let times: [(text: String, milliseconds: UInt64?)] = [
        ("0s", 0), ("1ms", 1), ("30s", 30_000), ("5m", 300_000), ("1h", 3_600_000), ("2d", 172_800_000),
        ("9223372036854775807ms", 9_223_372_036_854_775_807), ("9223372036854775808ms", nil),
        ("", nil), ("30", nil), ("s", nil), ("1.5s", nil), ("-1s", nil), ("1 s", nil), ("1w", nil),
        ("99999999999999999d", nil),
    ]

    @Test(arguments: times)
    func readingTimes(_ row: (text: String, milliseconds: UInt64?)) {
        #expect(Timespan(row.text)?.milliseconds == row.milliseconds)
    }

    // swift-format-ignore
    static let shownTimes: [(milliseconds: UInt64, text: String)] = [
        (0, "0s"), (1, "1ms"), (1500, "1500ms"), (60_000, "1m"), (90_000, "90s"), (3_600_000, "1h"), (172_800_000, "2d"),
    ]

    @Test(arguments: shownTimes)
    func showingTimes(_ row: (milliseconds: UInt64, text: String)) {
        let span = Timespan(milliseconds: row.milliseconds)
        #expect(span.description == row.text)
        #expect(Timespan(row.text) == span)
    }

    // MARK: - Identifiers

    @Test func uniqueIdsReadAndWrite() {
        let text = "01234567-89ab-cdef-0123-456789abcdef"
        let id = UniqueID(high: 0x0123_4567_89AB_CDEF, low: 0x0123_4567_89AB_CDEF)
        #expect(UniqueID(text) == id && id.description == text)
        #expect(UniqueID(text.uppercased()) == id)
        #expect(UniqueID(high: 0, low: 1).description == "00000000-0000-0000-0000-000000000001")
    }

    @Test(arguments: [
        "", "01234567-89ab-cdef-0123-456789abcde", "01234567-89ab-cdef-0123-456789abcdef0",
        "0123456789abcdef0123456789abcdef0123", "01234567-89ab-cdef-0123-456789abcdeg",
        "01234567889ab-cdef-0123-456789abcdef", "01234567-89ab-cdef-0123-456789abcdé",
    ])
    func otherTextIsNoUniqueId(_ text: String) { #expect(UniqueID(text) == nil) }

    @Test func drawnIdsAreVersionFour() {
        var generator = SplitMix64(seed: 3)
        for _ in 0..<200 {
            let text = Array(UniqueID(using: &generator).description)
            #expect(text[14] == "4" && "89ab".contains(text[19]))
        }
    }

    @Test func hexadecimal() {
        #expect(hexText(UInt64(0xFF)) == "00000000000000ff")
        #expect(hexText([0, 0xA5, 0xFF]) == "00a5ff")
        #expect(Array("09afAF".utf8).map(hexDigit) == [0, 9, 10, 15, 10, 15])
        #expect(Array("/:`g@G".utf8).allSatisfy { hexDigit($0) == nil })
    }
}
