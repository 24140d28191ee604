// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The files of this repository as lines of text.
enum Repository {
    struct File: Sendable {
        /// From the root, as people write it.
        let path: String
        let lines: [String]

        var isSwift: Bool { path.hasSuffix(".swift") }

        /// The target it belongs to: `Sources/T/…` and `Tests/T/…`.
        var target: String? {
            let parts = path.split(separator: "/")
            return parts.count > 2 ? String(parts[1]) : nil
        }
    }

    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    /// What is made, not written.
    private static let skipped: Set<String> = [".build", ".git", ".venv", ".swiftpm"]
    private static let byteLimit = 4 << 20

    /// Every text file of the tree, in the order of paths.
    static let all: [File] = files(below: root).sorted { $0.path < $1.path }

    static func swift(under folder: String) -> [File] {
        all.filter { $0.isSwift && $0.path.hasPrefix(folder + "/") }
    }

    private static func files(below directory: URL) -> [File] {
        let names =
            (try? FileManager.default.contentsOfDirectory(atPath: directory.path)) ?? []
        return names.filter { !skipped.contains($0) }.flatMap { name -> [File] in
            let url = directory.appending(path: name)
            let values = try? url.resourceValues(forKeys: [
                .isDirectoryKey, .isSymbolicLinkKey, .fileSizeKey,
            ])
            if values?.isSymbolicLink == true { return [] }
            if values?.isDirectory == true { return files(below: url) }
            guard (values?.fileSize ?? 0) <= byteLimit,
                let text = try? String(contentsOf: url, encoding: .utf8)
            else { return [] }
            let lines = text.split(separator: "\n", omittingEmptySubsequences: false)
            return [File(path: path(of: url), lines: lines.map(String.init))]
        }
    }

    private static func path(of url: URL) -> String {
        String(url.path.dropFirst(root.path.count).drop { $0 == "/" })
    }
}
