// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Lines as code: what comments and one-line strings say does not count.
enum Code {
    /// A line up to its comment, the insides of strings left out.
    ///
    /// Works on bytes: characters take ten times as long, and none that matters here is above ASCII.
    static func line(_ line: String) -> String {
        let bytes = Array(line.utf8)
        guard bytes.contains(quote) || bytes.contains(slash) else { return line }
        var code: [UInt8] = []
        var isInString = false
        var isEscaped = false
        for byte in bytes {
            if isEscaped {
                isEscaped = false
            } else if isInString, byte == backslash {
                isEscaped = true
            } else if byte == quote {
                isInString.toggle()
                code.append(byte)
                continue
            }
            if isInString { continue }
            if byte == slash, code.last == slash {
                code.removeLast()
                break
            }
            code.append(byte)
        }
        return String(decoding: code, as: UTF8.self)
    }

    private static let quote = UInt8(ascii: "\"")
    private static let slash = UInt8(ascii: "/")
    private static let backslash = UInt8(ascii: "\\")

    private static let function = Pattern(
        #"^ *[\w@()., ]*\b(?:func \S|init[?]?[(<]|subscript[(<]|deinit)"#
    )

    /// Every function with a body: its first line, counted from 1, and how many lines it has.
    ///
    /// Relies on swift-format's shape: a body ends with a brace below its declaration's first letter.
    static func functions(of file: Repository.File) -> [(line: Int, count: Int)] {
        let lines = file.code
        return function.lines(in: lines).compactMap { start -> (line: Int, count: Int)? in
            let indentation = lines[start].prefix { $0 == " " }
            guard let opening = openingLine(from: start, indentation, lines) else { return nil }
            if lines[opening].hasSuffix("}") { return (start + 1, opening - start + 1) }
            let closing = lines[(opening + 1)...].firstIndex { $0 == "\(indentation)}" }
            return closing.map { (start + 1, $0 - start + 1) }
        }
    }

    /// The line on which the body begins; `nil` for a requirement of a protocol.
    private static func openingLine(
        from start: Int,
        _ indentation: Substring,
        _ lines: [String]
    ) -> Int? {
        for index in start..<lines.count {
            let line = lines[index]
            if line.hasSuffix("{") { return index }
            if line.hasSuffix("}"), line.contains(#/\{ .*\}$/#) { return index }
            let isOutside =
                index > start && !line.isEmpty
                && line.prefix { $0 == " " }.count <= indentation.count
            if isOutside, !line.contains(#/^\s*(\)|where |->|throws|async)/#) { return nil }
        }
        return nil
    }
}
