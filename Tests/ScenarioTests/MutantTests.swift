// SPDX-License-Identifier: Apache-2.0

import Foundation
import Testing

/// Goal: the bugs that `dev/mutants` puts in still fit the sources; running them takes too long here.
@Suite struct MutantTests {
    @Test(arguments: Patch.all)
    func fitsTheSources(_ patch: Patch) throws {
        #expect(!patch.bug.isEmpty, "\(patch.name) does not say which bug it is")
        #expect(patch.hunks.isEmpty == (patch.reason != nil), "\(patch.name): a diff or a reason")
        for hunk in patch.hunks {
            let source = try String(
                contentsOf: Patch.root.appending(path: hunk.file),
                encoding: .utf8
            )
            #expect(
                source.contains(hunk.before),
                "\(patch.name) does not apply any more: \(hunk.file) has no\n\(hunk.before)"
            )
        }
    }

    /// The museum has 25; the last one is a bit that turns in a leader's memory.
    @Test func theMuseumIsComplete() {
        let numbers = Patch.all.map { String($0.name.prefix(2)) }
        #expect(numbers.starts(with: (1...25).map { $0 < 10 ? "0\($0)" : "\($0)" }))
    }
}

/// One file of `dev/mutants.d`.
struct Patch: Sendable, CustomTestStringConvertible {
    struct Hunk: Sendable {
        let file: String
        /// The lines that it finds, the removed ones among them.
        var before = ""
    }

    let name: String
    private(set) var bug = ""
    /// Why there is no such code; `nil` where there is a diff.
    private(set) var reason: String?
    private(set) var hunks: [Hunk] = []

    var testDescription: String { name }

    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static let all: [Patch] = {
        let folder = root.appending(path: "dev/mutants.d")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasSuffix(".patch") }.sorted().compactMap { name in
            let file = folder.appending(path: name)
            return (try? String(contentsOf: file, encoding: .utf8)).map {
                Patch(name: name, text: $0)
            }
        }
    }()

    private init(name: String, text: String) {
        self.name = name
        var file: String?
        for line in text.dropLast().split(separator: "\n", omittingEmptySubsequences: false) {
            if line.hasPrefix("Bug: ") {
                bug = String(line.dropFirst(5))
            } else if line.hasPrefix("None: ") {
                reason = String(line.dropFirst(6))
            } else if line.hasPrefix("+++ b/") {
                file = String(line.dropFirst(6))
            } else if line.hasPrefix("--- a/") {
                file = nil
            } else if let file {
                take(line, of: file)
            }
        }
    }

    private mutating func take(_ line: Substring, of file: String) {
        if line.hasPrefix("@@") { return hunks.append(Hunk(file: file)) }
        guard !line.hasPrefix("+"), !hunks.isEmpty else { return }
        hunks[hunks.count - 1].before += "\(line.dropFirst())\n"
    }
}
