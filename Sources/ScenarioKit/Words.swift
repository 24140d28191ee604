// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// The words of a statement, read from left to right.
struct Words {
    private let all: [String]
    private(set) var left: ArraySlice<String>

    init(_ words: [String]) {
        all = words
        left = words[...]
    }

    var isEmpty: Bool { left.isEmpty }

    /// The whole statement, for messages.
    var text: String { all.joined(separator: " ") }

    func error(_ expected: String) -> StatementError {
        StatementError(
            expected: "\(expected) in '\(text)'",
            found: left.first.map { "'\($0)'" } ?? "the end of the line"
        )
    }

    mutating func next(_ what: String) throws(StatementError) -> String {
        guard let word = left.popFirst() else { throw error(what) }
        return word
    }

    /// Takes the next word if it is `word`.
    mutating func take(_ word: String) -> Bool {
        guard left.first == word else { return false }
        left.removeFirst()
        return true
    }

    mutating func rest() -> [String] {
        defer { left = [] }
        return Array(left)
    }

    mutating func number(_ what: String = "a number") throws(StatementError) -> UInt64 {
        guard let word = left.first, let number = UInt64(word) else { throw error(what) }
        left.removeFirst()
        return number
    }

    /// Nodes from here on, as long as there are numbers.
    mutating func nodes() -> [Int] {
        let numbers = left.prefix { Int($0) != nil }.compactMap { Int($0) }
        left.removeFirst(numbers.count)
        return numbers
    }

    mutating func node() throws(StatementError) -> Int { Int(try number("a node")) }

    /// `A->B`, where each side may be `*`; takes nothing if the next word is none.
    mutating func link() -> (from: Int?, to: Int?)? {
        guard let word = left.first, let arrow = word.range(of: "->") else { return nil }
        left.removeFirst()
        return (Int(word[..<arrow.lowerBound]), Int(word[arrow.upperBound...]))
    }

    /// `INDEX@TERM`.
    mutating func position() throws(StatementError) -> LogPosition {
        let word = try next("a position INDEX@TERM")
        let parts = word.split(separator: "@").compactMap { UInt64($0) }
        guard parts.count == 2 else {
            throw StatementError(expected: "a position INDEX@TERM", found: "'\(word)'")
        }
        return LogPosition(term: Term(parts[1]), index: LogIndex(parts[0]))
    }

    func end() throws(StatementError) {
        guard isEmpty else { throw error("the end of the line") }
    }
}

extension String {
    /// Where `other` stands first.
    fileprivate func range(of other: String) -> Range<String.Index>? {
        firstRange(of: other)
    }
}
