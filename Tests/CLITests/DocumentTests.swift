// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

import tarn

/// Goal: a command that a document shows is one that this release takes.
@Suite struct DocumentTests {
    private static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    private static func documents() -> [URL] {
        let docs = root.appending(path: "Docs")
        let names = (try? FileManager.default.subpathsOfDirectory(atPath: docs.path)) ?? []
        return ([root.appending(path: "README.md")] + names.map { docs.appending(path: $0) })
            .filter { $0.path.hasSuffix(".md") }
    }

    @Test func everyShownCommandParses() throws {
        // A document may name a verb without saying what of: `tarn fuse mount`.
        let verbs = TarnCommandLine.helpTexts().map { help in
            Array(help.command.split(separator: " ").suffix(2))
        }
        var count = 0
        for url in Self.documents() {
            guard let text = try? String(contentsOf: url, encoding: .utf8) else { continue }
            for line in Self.commands(in: text) {
                count += 1
                if verbs.contains(Array(line.split(separator: " ").dropFirst())) { continue }
                #expect(throws: Never.self, "\(url.lastPathComponent): \(line)") {
                    _ = try TarnCommandLine.parse(ExampleLines.words(line))
                }
            }
        }
        #expect(count > 0, "no document shows a command")
    }

    /// Lines of code blocks that begin with `tarn` or `$ tarn`, and whole inline commands.
    private static func commands(in text: String) -> [String] {
        var isInBlock = false
        var found: [String] = []
        for line in text.split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("```") { isInBlock.toggle() }
            if isInBlock {
                let command = line.trimmingPrefix("$ ")
                // A line that goes on is a command of several: its words are not all here.
                if command.hasPrefix("tarn "), !command.hasSuffix("\\") {
                    found.append(String(command))
                }
            } else {
                found += line.matches(of: #/`(tarn [a-z]+ [^`]*)`/#).map { String($0.1) }
            }
        }
        return found.filter { !$0.contains("…") && !$0.contains("[") && !$0.contains("|") }
    }
}
