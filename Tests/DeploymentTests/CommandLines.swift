// SPDX-License-Identifier: Apache-2.0

import Foundation

/// Finds the `tarn …` commands in scripts and documents.
enum CommandLines {
    private static let start = #/(?:^|[\s"'(!`])tarn (?=[a-z-])/#
    private static let terminators: Set<String> = ["|", "||", "&&", ";", "&", "#", "\\", "}"]

    /// The words behind each `tarn`, variables still in them.
    static func commands(in script: String) -> [[String]] {
        script.replacing(#/\\\n\s*/#, with: " ").split(separator: "\n").flatMap { line in
            line.matches(of: start).map { words(line[$0.range.upperBound...]) }
        }
    }

    /// Splits as a shell does, until the command ends.
    ///
    /// A quote at the end of a word closes a string that the whole command stands in.
    private static func words(_ text: Substring) -> [String] {
        var found: [String] = []
        var word = ""
        var quote: Character?
        var isWord = false
        func isEnd(_ word: String) -> Bool {
            terminators.contains(word) || word.wholeMatch(of: #/\d?[<>].*/#) != nil
        }
        for character in text {
            if let open = quote {
                if character == open { quote = nil } else { word.append(character) }
            } else if character == " " {
                if isEnd(word) { return found }
                if isWord { found.append(word) }
                word = ""
                isWord = false
            } else if character == "\"" || character == "'" {
                if isWord { break }
                quote = character
                isWord = true
            } else if [")", ";", "`"].contains(character) {
                break
            } else {
                word.append(character)
                isWord = true
            }
        }
        return isWord && !isEnd(word) ? found + [word] : found
    }

    /// The shell blocks of a Markdown page.
    static func shellBlocks(in page: String) -> String {
        page.matches(of: #/(?ms)^```(?:sh|console)\n(.*?)^```/#).map { String($0.1) }
            .joined(separator: "\n")
    }
}
