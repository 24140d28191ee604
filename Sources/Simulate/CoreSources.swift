// SPDX-License-Identifier: Apache-2.0

import ArgumentParser
import Foundation
import Primitives

/// The sources whose change begins a new campaign: what runs inside a world, in production too.
enum CoreSources {
    private static let directories = [
        "CatalogCore", "Codecs", "LogStorage", "Primitives", "RaftCore",
    ]

    /// Twelve hexadecimal digits over the names and contents of all their files.
    static func digest() throws -> String {
        var digest: UInt64 = 0
        for directory in directories {
            let path = "Sources/\(directory)"
            guard let names = try? FileManager.default.contentsOfDirectory(atPath: path) else {
                throw ValidationError("\(path) is not here: run from the project's directory")
            }
            for name in names.sorted() where name.hasSuffix(".swift") {
                let content = try Data(contentsOf: URL(filePath: "\(path)/\(name)"))
                digest = (digest ^ XXH64.hash(Array(name.utf8))) &* 0x9E37_79B9_7F4A_7C15
                digest = (digest ^ XXH64.hash(Array(content))) &* 0x9E37_79B9_7F4A_7C15
            }
        }
        return String(hexDigits(digest).prefix(12))
    }
}
