// SPDX-License-Identifier: Apache-2.0

import Yams

/// Keys that stand twice in one mapping, masked so that what else is wrong in the file is found too.
///
/// Yams gives no node for a mapping with a repeated key. So the first one of the key is overwritten
/// with as many private-use characters, which no key has: every mark stays where it was, and reading
/// the file again gets further. Bounded: a file with more than ``limit`` of them is reported as far as
/// the first ones.
struct RepeatedKeys: Sendable {
    private(set) var found: [(name: String, position: Mark)] = []
    private var names: [String: String] = [:]

    static let limit = 16
    private static let firstMask: UInt32 = 0xE000

    /// The key that a mapping's word stands for.
    func name(_ word: String) -> String { names[word] ?? word }

    /// The text without the key at this place; `nil` where that cannot be done.
    ///
    /// A name that is written as an escape, with a tag or with an anchor is not found at its mark.
    mutating func masking(_ name: String, at position: Mark, in text: String) -> String? {
        guard found.count < Self.limit, !name.isEmpty,
            let mask = UnicodeScalar(Self.firstMask + UInt32(found.count)),
            var scalars = Self.start(of: position, in: text)
        else { return nil }
        let word = Array(name.unicodeScalars)
        let quotes: Set<UnicodeScalar> = ["\"", "'"]
        if scalars.first.map(quotes.contains) == true { scalars = scalars.dropFirst() }
        guard scalars.starts(with: word), !text.unicodeScalars.contains(mask) else { return nil }
        let masked = String(String.UnicodeScalarView(Array(repeating: mask, count: word.count)))
        let end = scalars.index(scalars.startIndex, offsetBy: word.count)
        var result = text.unicodeScalars
        result.replaceSubrange(scalars.startIndex..<end, with: masked.unicodeScalars)
        names[masked] = self.name(name)
        found.append((self.name(name), position))
        return String(result)
    }

    /// What begins at a mark, whose line and column count from 1.
    private static func start(
        of position: Mark,
        in text: String
    ) -> Substring.UnicodeScalarView? {
        var rest = text.unicodeScalars[...]
        for _ in 1..<max(position.line, 1) {
            guard let end = rest.firstIndex(where: isBreak) else { return nil }
            let next = rest.index(after: end)
            let isPair = rest[end] == "\r" && next < rest.endIndex && rest[next] == "\n"
            rest = rest[(isPair ? rest.index(after: next) : next)...]
        }
        let column = max(position.column, 1) - 1
        return rest.dropFirst(column)
    }

    /// The breaks that libyaml counts lines by.
    private static func isBreak(_ scalar: UnicodeScalar) -> Bool {
        ["\n", "\r", "\u{85}", "\u{2028}", "\u{2029}"].contains(scalar)
    }
}
