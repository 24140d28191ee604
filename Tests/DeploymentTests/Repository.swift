// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The files that deploy and describe the product, as text.
enum Repository {
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    static func text(_ path: String) throws -> String {
        try String(contentsOf: root.appending(path: path), encoding: .utf8)
    }

    static func exists(_ path: String) -> Bool {
        FileManager.default.fileExists(atPath: root.appending(path: path).path)
    }

    /// Every Markdown page that people are sent to.
    static func pages() throws -> [String] {
        let names = try FileManager.default.subpathsOfDirectory(
            atPath: root.appending(path: "Docs").path
        )
        return ["README.md"] + names.filter { $0.hasSuffix(".md") }.sorted().map { "Docs/" + $0 }
    }

    /// Whether any source below the directory holds the text.
    static func sources(below directory: String, hold text: String) throws -> Bool {
        let base = root.appending(path: directory)
        return try FileManager.default.subpathsOfDirectory(atPath: base.path)
            .filter { $0.hasSuffix(".swift") }
            .contains { try self.text("\(directory)/\($0)").contains(text) }
    }
}
