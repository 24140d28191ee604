// SPDX-License-Identifier: Apache-2.0

import Foundation

/// A regular expression whose `\b` is where a letter, digit or `_` meets something else.
///
/// Not Swift's `Regex`: there `\b` follows Unicode's rules for prose unless it is told otherwise, by
/// which `Task.sleep` is one word, so that a rule about `\bsleep` never sees it. Looks at all lines
/// of a file at once, which is what makes it fast.
struct Pattern: Sendable {
    private let expression: NSRegularExpression?

    init(_ pattern: String) {
        expression = try? NSRegularExpression(pattern: pattern, options: .anchorsMatchLines)
    }

    /// The places of the lines, counted from 0, in which a match begins; each once.
    ///
    /// Of a pattern that is none every line, so that whoever forbids it hears of it.
    func lines(in lines: [String]) -> [Int] {
        guard let expression else { return Array(lines.indices) }
        let text = lines.joined(separator: "\n") as NSString
        let all = NSRange(location: 0, length: text.length)
        let matches = expression.matches(in: text as String, range: all)
        guard !matches.isEmpty else { return [] }

        var starts = [0]
        for line in lines { starts.append(starts[starts.count - 1] + line.utf16.count + 1) }
        var found: [Int] = []
        var place = 0
        for match in matches {
            while place + 1 < lines.count, starts[place + 1] <= match.range.location { place += 1 }
            if found.last != place { found.append(place) }
        }
        return found
    }
}
