// SPDX-License-Identifier: Apache-2.0

import Testing

/// Goal: the tree speaks of the product alone, and every file says under which licence it is.
@Suite struct TextTests {
    // swift-format-ignore
    static let privateWords: [(pattern: String, why: String)] = [
        ("(?i)(?<!user-)(?<!user_)\\b" + "agen" + "ts?\\b",  "the product has no such part"),
        ("(?i)\\bassis" + "tants?\\b",                       "the product has no such part"),
        ("(?i)\\bsubagen" + "ts?\\b",                        "the product has no such part"),
        ("(?i)\\b(chat" + "gpt|clau" + "de|co" + "pilot)\\b", "the product has no such part"),
        ("/work" + "/",                                      "a path of one machine"),
        ("/(home|ro" + "ot|Users)/\\w",                      "a path of one machine"),
    ]

    @Test(arguments: privateWords)
    func nothingPrivateIsTold(pattern: String, why: String) {
        let pattern = Pattern(pattern)
        for file in Repository.all where file.path != "LICENSE" {
            for index in pattern.lines(in: file.lines) {
                Issue.record("\(file.path):\(index + 1): '\(file.lines[index])': \(why)")
            }
        }
    }

    @Test func everySourceNamesItsLicence() {
        let tag = "SPDX-License-Identifier: Apache-2.0"
        for file in Repository.all where Self.needsLicence(file) {
            // A manifest begins with its tools version and a script with its interpreter.
            let isPushedDown =
                file.path.hasSuffix("Package.swift") || file.lines.first?.hasPrefix("#!") == true
            let head = file.lines.prefix(isPushedDown ? 2 : 1)
            #expect(head.contains { $0.contains(tag) }, "\(file.path): no '\(tag)' at its head")
        }
    }

    private static func needsLicence(_ file: Repository.File) -> Bool {
        let isCode = [".swift", ".c", ".h", ".py", ".sh"].contains { file.path.hasSuffix($0) }
        let isScript = file.lines.first?.hasPrefix("#!") == true
        return isCode || isScript
    }

    @Test func linesEndWithoutBlanksAndFilesWithANewline() {
        for file in Repository.all where file.path != "LICENSE" {
            guard !file.path.hasSuffix(".resolved"), !file.lines.isEmpty else { continue }
            if let bad = file.lines.firstIndex(where: { $0.hasSuffix(" ") || $0.hasSuffix("\t") }) {
                Issue.record("\(file.path):\(bad + 1): blanks at the end of the line")
            }
            #expect(file.lines.last?.isEmpty == true, "\(file.path): no newline at the end")
        }
    }
}
