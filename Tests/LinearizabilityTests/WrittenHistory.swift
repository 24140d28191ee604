// SPDX-License-Identifier: Apache-2.0

import Linearizability
import Primitives

/// A history of the versioned map as a few lines of text, in the order of begins.
///
///     CLIENT BEGIN-END  put KEY=VALUE [absent|@REVISION]  -> REVISION | refused@REVISION
///     CLIENT BEGIN-END  delete KEY [@REVISION]            -> REVISION | refused@REVISION
///     CLIENT BEGIN-END  get KEY                           -> VALUE@REVISION[/AS-OF] | none[/AS-OF]
///
/// Without an end, and then without an answer, the operation is open.
struct WrittenHistory {
    private(set) var history = History<VersionedMap>()

    /// `nil` if a line is none of the format.
    init?(_ text: String) {
        var ends: [(id: Int, output: VersionedMap.Output, at: UInt64)] = []
        for line in text.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count >= 4, let client = UInt64(words[0]) else { return nil }
            let span = words[1].split(separator: "-").compactMap { UInt64($0) }
            let arrow = words.firstIndex(of: "->")
            guard let begin = span.first, (arrow != nil) == (span.count == 2),
                let input = Self.input(words[2..<(arrow ?? words.endIndex)])
            else { return nil }
            let id = history.began(input, by: client, at: begin)
            guard let arrow else { continue }
            guard arrow + 1 < words.count, let output = Self.output(input, words[arrow + 1])
            else { return nil }
            ends.append((id, output, span[1]))
        }
        for end in ends { history.ended(end.id, with: end.output, at: end.at) }
    }

    private static func input(_ words: ArraySlice<Substring>) -> VersionedMap.Input? {
        let words = Array(words)
        guard let condition = condition(words.dropFirst(2).first) else { return nil }
        switch words[0] {
        case "get": return .get(ByteString(String(words[1])))
        case "delete": return .delete(ByteString(String(words[1])), if: condition)
        case "put":
            let parts = words[1].split(separator: "=")
            guard parts.count == 2, let value = UInt64(parts[1]) else { return nil }
            return .put(ByteString(String(parts[0])), value, if: condition)
        default: return nil
        }
    }

    private static func condition(_ word: Substring?) -> VersionedMap.Condition? {
        guard let word else { return .any }
        if word == "absent" { return .absent }
        return UInt64(word.dropFirst()).map { .revision($0) }
    }

    private static func output(
        _ input: VersionedMap.Input,
        _ word: Substring
    ) -> VersionedMap.Output? {
        let numbers = word.split { "@/".contains($0) }.map { UInt64($0) }
        let isRead = if case .get = input { true } else { false }
        switch (isRead, numbers.first ?? nil) {
        case (true, nil) where word.hasPrefix("none"):
            return .absent(asOf: numbers.dropFirst().first ?? nil)
        case (true, let value?):
            guard numbers.count > 1, let revision = numbers[1] else { return nil }
            return .found(value, revision: revision, asOf: numbers.count > 2 ? numbers[2] : nil)
        case (false, nil) where word.hasPrefix("refused@"):
            return numbers.last.flatMap { $0 }.map { .refused(current: $0) }
        case (false, let revision?): return .written(revision)
        default: return nil
        }
    }
}
