// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// The `ETag` of a version, and lists of them in conditions.
///
/// - Source: RFC 9110 §8.8.3, §13.1.
package struct EntityTag: Hashable, Sendable {
    /// Between the quotes.
    package let opaque: String
    package let isWeak: Bool

    /// The tag of a version of a file: its bytes, quoted.
    ///
    /// An origin's own quotes are left out; bytes that no tag may hold are written as `%XX`, so that
    /// different versions stay different.
    package init(version: ByteString) {
        var bytes = version.bytes[...]
        if bytes.count >= 2, bytes.first == 0x22, bytes.last == 0x22 {
            bytes = bytes.dropFirst().dropLast()
        }
        opaque = bytes.map { byte in
            (0x21...0x7E).contains(byte) && ![0x22, 0x25, 0x2C].contains(byte)
                ? String(UnicodeScalar(byte)) : "%" + hexText([byte])
        }.joined()
        isWeak = false
    }

    package var text: String { (isWeak ? "W/" : "") + "\"\(opaque)\"" }

    /// Both strong and equal.
    package func matchesStrongly(_ other: Self) -> Bool {
        !isWeak && !other.isWeak && opaque == other.opaque
    }

    private init(opaque: String, isWeak: Bool) {
        self.opaque = opaque
        self.isWeak = isWeak
    }

    /// Reads one tag, quoted or bare.
    package init?(_ text: Substring) {
        var rest = text
        let isWeak = rest.hasPrefix("W/\"")
        if isWeak { rest = rest.dropFirst(2) }
        if rest.utf8.count >= 2, rest.hasPrefix("\""), rest.hasSuffix("\"") {
            rest = rest.dropFirst().dropLast()
        }
        guard !text.isEmpty, !rest.contains("\"") else { return nil }
        self.init(opaque: String(rest), isWeak: isWeak)
    }
}

/// The value of `If-Match` or `If-None-Match`.
package enum TagCondition: Hashable, Sendable {
    case any
    case tags([EntityTag])

    /// Reads all values of the header; `nil` without any.
    ///
    /// A tag with a comma inside its quotes is cut in two and then matches nothing: no version of
    /// ours has one, for it is written `%2c` there.
    package init?(_ values: [String]) {
        guard !values.isEmpty else { return nil }
        let items = values.flatMap { $0.split(separator: ",") }.map { $0.trimmingSpaces }
        self = items.contains("*") ? .any : .tags(items.compactMap { EntityTag($0) })
    }
}

extension Substring {
    var trimmingSpaces: Substring {
        let start = drop { $0 == " " || $0 == "\t" }
        let end = start.lastIndex { $0 != " " && $0 != "\t" }
        return end.map { start[...$0] } ?? ""
    }
}
