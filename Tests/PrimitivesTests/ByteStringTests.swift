// SPDX-License-Identifier: Apache-2.0

import Primitives
import Testing

struct ByteStringTests {
    @Test func equalityIsThatOfBytes() {
        let composed = ByteString("\u{E9}")
        let decomposed = ByteString("e\u{301}")
        #expect("\u{E9}" == "e\u{301}", "as String they are one")
        #expect(composed != decomposed)
        #expect(Set([composed, decomposed]).count == 2)
    }

    // swift-format-ignore
    static let ascending: [ByteString] = [
        "", ByteString([0]), "-", "/", "0", "A", "a", "a-b", "a/b", "aa", "b", "é", "日", ByteString([0xFF]),
    ]

    @Test func orderIsThatOfUnsignedBytes() {
        #expect(Self.ascending.reversed().sorted() == Self.ascending)
    }

    // swift-format-ignore
    static let affixes: [(text: ByteString, affix: ByteString, isPrefix: Bool, isSuffix: Bool)] = [
        ("abc", "",     true,  true),
        ("abc", "ab",   true,  false),
        ("abc", "bc",   false, true),
        ("abc", "abc",  true,  true),
        ("abc", "abcd", false, false),
        ("",    "a",    false, false),
    ]

    @Test(arguments: affixes)
    func prefixesAndSuffixes(
        _ row: (text: ByteString, affix: ByteString, isPrefix: Bool, isSuffix: Bool)
    ) {
        #expect(row.text.hasPrefix(row.affix) == row.isPrefix)
        #expect(row.text.hasSuffix(row.affix) == row.isSuffix)
    }

    @Test func text() {
        #expect(ByteString([0x61, 0xFF]).text == "a\u{FFFD}")
        #expect(ByteString([0x61, 0xFF]).validText == nil)
        #expect(ByteString("é").validText == "é")
        #expect(ByteString("abc").dropFirst(1) + "d" == "bcd")
        #expect(ByteString("abc").dropFirst(9).isEmpty)
    }
}
