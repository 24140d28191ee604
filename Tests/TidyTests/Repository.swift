// SPDX-License-Identifier: Apache-2.0

import Foundation

/// The files of this repository as lines of text, read once.
enum Repository {
    struct File: Sendable {
        /// From the root, as people write it.
        let path: String
        let lines: [String]
        /// The lines without comments and the insides of one-line strings; empty for other files.
        let code: [String]

        init(path: String, lines: [String]) {
            self.path = path
            self.lines = lines
            code = path.hasSuffix(".swift") ? lines.map(Code.line) : []
        }

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
    static let all: [File] = files(below: root.path, "").sorted { $0.path < $1.path }

    static func swift(under folder: String) -> [File] {
        all.filter { $0.isSwift && $0.path.hasPrefix(folder + "/") }
    }

    /// The text files below a directory, whose path from the root, slash included, is `place`.
    private static func files(below directory: String, _ place: String) -> [File] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: directory)) ?? []
        return names.filter { !skipped.contains($0) }.flatMap { name -> [File] in
            let path = "\(directory)/\(name)"
            let facts = try? FileManager.default.attributesOfItem(atPath: path)
            switch facts?[.type] as? FileAttributeType {
            case .typeDirectory: return files(below: path, "\(place)\(name)/")
            case .typeRegular: break
            default: return []
            }
            guard (facts?[.size] as? Int ?? 0) <= byteLimit,
                let text = try? String(contentsOfFile: path, encoding: .utf8)
            else { return [] }
            return [File(path: place + name, lines: text.components(separatedBy: "\n"))]
        }
    }
}
