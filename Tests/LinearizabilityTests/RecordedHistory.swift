// SPDX-License-Identifier: Apache-2.0

import Foundation
import Linearizability
import Testing

/// One line of `Histories/etcd.txt`; its README describes the format.
struct RecordedHistory: Sendable, CustomTestStringConvertible {
    let name: String
    let isLegal: Bool
    let history: History<CompareAndSwapRegister>

    var testDescription: String { "\(name), \(isLegal ? "legal" : "illegal")" }

    static let all: [RecordedHistory] = {
        guard let file = Bundle.module.url(forResource: "Histories/etcd", withExtension: "txt"),
            let text = try? String(contentsOf: file, encoding: .utf8)
        else { return [] }
        return text.split(separator: "\n").compactMap(RecordedHistory.init)
    }()

    init?(_ line: Substring) {
        let words = line.split(separator: " ")
        guard words.count > 2 else { return nil }
        name = String(words[0])
        isLegal = words[1] == "legal"
        guard let history = Self.history(words.dropFirst(2)) else { return nil }
        self.history = history
    }

    /// `nil` if a token is none of the format.
    private static func history(
        _ tokens: ArraySlice<Substring>
    ) -> History<CompareAndSwapRegister>? {
        var history = History<CompareAndSwapRegister>()
        var running: [UInt64: Int] = [:]
        for (time, token) in tokens.enumerated() {
            guard let event = token.wholeMatch(of: #/(\d+)([?=!~])([rwc])(.*)/#),
                let process = UInt64(event.1)
            else { return nil }
            let (stage, kind, value) = (event.2, event.3, event.4)
            if stage == "?" {
                guard let input = input(kind, value) else { return nil }
                running[process] = history.began(input, by: process, at: UInt64(time))
                continue
            }
            guard let id = running.removeValue(forKey: process) else { return nil }
            switch (stage, kind) {
            case ("=", "r"):
                history.ended(id, with: .value(Int(value)), at: UInt64(time))
            case ("=", _): history.ended(id, with: .done, at: UInt64(time))
            case ("!", "r"): history.failed(id)
            case ("!", "c"): history.ended(id, with: .mismatch, at: UInt64(time))
            case ("~", _): break  // Open to the end.
            default: return nil
            }
        }
        return history
    }

    private static func input(
        _ kind: Substring,
        _ value: Substring
    ) -> CompareAndSwapRegister.Input? {
        let numbers = value.split(separator: ">").compactMap { Int($0) }
        return switch (kind, numbers.count) {
        case ("r", 0): .read
        case ("w", 1): .write(numbers[0])
        case ("c", 2): .swap(from: numbers[0], to: numbers[1])
        default: nil
        }
    }
}
