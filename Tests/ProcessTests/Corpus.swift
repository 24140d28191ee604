// SPDX-License-Identifier: Apache-2.0
import Foundation

/// The objects of the proof: every awkward size and name, and many.
enum Corpus {
    struct Object: Sendable {
        let key: String
        let bytes: [UInt8]
    }

    private static let page = 1 << 20

    /// 2,000 objects, about 230 MB.
    static func large() -> [Object] {
        let sizes = [0, 1, 2, 4095, page - 1, page, page + 1, 2 * page, 64 * page + 1, 150 * page]
        var objects = sizes.map { Object(key: "sizes/\($0)", bytes: pattern($0, seed: UInt64($0))) }
        for (number, name) in oddNames.enumerated() {
            let bytes = Array("content of odd name \(number)\n".utf8)
            objects.append(Object(key: "odd/\(name)", bytes: bytes))
        }
        objects.append(
            Object(key: "deep/a/b/c/d/e/f/g/h", bytes: pattern(5, seed: 5))
        )
        while objects.count < 2000 {
            let number = objects.count
            let bytes = pattern(100 + number * 3, seed: UInt64(number))
            objects.append(Object(key: "many/\(number)", bytes: bytes))
        }
        return objects
    }

    private static let oddNames = [
        "two words", " leading", "a+b", "100%", "%41", "a%2Fb", "#x", "q?x=1&y=2", "a=b;c",
        "[1]{2}",
        "café", "cafe\u{301}", "日本語", "😀", "~tilde", "'quote'", "\"double\"", "back\\slash",
        "a:b@c",
        String(repeating: "n", count: 200),
    ]

    /// What a listing of `directory` shows, in its order; directories end with a slash.
    static func names(below directory: String, of corpus: [Object]) -> [String] {
        let prefix = directory.isEmpty ? "" : directory + "/"
        var names: Set<[UInt8]> = []
        for object in corpus where object.key.utf8.starts(with: prefix.utf8) {
            let rest = Array(object.key.utf8.dropFirst(prefix.utf8.count))
            let end = rest.firstIndex(of: UInt8(ascii: "/")).map { $0 + 1 } ?? rest.count
            names.insert(Array(rest[..<end]))
        }
        return names.sorted { $0.lexicographicallyPrecedes($1) }
            .map { String(decoding: $0, as: UTF8.self) }
    }
}
