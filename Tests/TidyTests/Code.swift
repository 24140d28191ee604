// SPDX-License-Identifier: Apache-2.0

/// Lines as code: what comments and one-line strings say does not count.
enum Code {
    /// As many lines as the file has, comments and the insides of one-line strings blanked.
    static func lines(of file: Repository.File) -> [String] {
        file.lines.map { line in
            var code = ""
            var isInString = false
            var isEscaped = false
            for character in line {
                if isEscaped {
                    isEscaped = false
                } else if isInString, character == "\\" {
                    isEscaped = true
                } else if character == "\"" {
                    isInString.toggle()
                    code.append(character)
                    continue
                }
                if !isInString { code.append(character) }
                if code.hasSuffix("//") { return String(code.dropLast(2)) }
            }
            return code
        }
    }

    /// Every function with a body: its first line, counted from 1, and how many lines it has.
    ///
    /// Relies on swift-format's shape: a body ends with a brace below its declaration's first letter.
    static func functions(of file: Repository.File) -> [(line: Int, count: Int)] {
        let lines = lines(of: file)
        return lines.indices.compactMap { start -> (line: Int, count: Int)? in
            guard
                lines[start].contains(
                    #/^\s*[\w@()., ]*\b(func \S|init[?]?[(<]|subscript[(<]|deinit)/#
                )
            else { return nil }
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
            if line.hasSuffix("{") || line.contains(#/\{ .*\}$/#) { return index }
            let isOutside =
                index > start && !line.isEmpty
                && line.prefix { $0 == " " }.count <= indentation.count
            if isOutside, !line.contains(#/^\s*(\)|where |->|throws|async)/#) { return nil }
        }
        return nil
    }
}
