// SPDX-License-Identifier: Apache-2.0

/// A name as the bytes that it is: a cluster path, an object's key, a file's name.
///
/// Not `String`, whose `==`, hash and order follow Unicode: there "é" in one code point equals "é" in
/// two, while for an object store they are two keys. Equality, hash and order here are those of the
/// bytes, as S3 lists and as `CONTRACT.md` §3 orders.
package struct ByteString: Hashable, Sendable {
    package var bytes: [UInt8]

    package init() { bytes = [] }

    package init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    package init(_ text: String) { bytes = Array(text.utf8) }

    package var count: Int { bytes.count }

    package var isEmpty: Bool { bytes.isEmpty }

    /// The text, with U+FFFD where the bytes are not UTF-8.
    package var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The text, or `nil` where the bytes are not UTF-8.
    package var validText: String? { String(validating: bytes, as: UTF8.self) }

    package func hasPrefix(_ prefix: ByteString) -> Bool { bytes.starts(with: prefix.bytes) }

    package func hasSuffix(_ suffix: ByteString) -> Bool {
        bytes.count >= suffix.count && bytes.suffix(suffix.count).elementsEqual(suffix.bytes)
    }

    package func dropFirst(_ count: Int) -> ByteString { ByteString(bytes.dropFirst(count)) }

    package static func + (lhs: Self, rhs: Self) -> Self { ByteString(lhs.bytes + rhs.bytes) }
}

extension ByteString: Comparable {
    package static func < (lhs: Self, rhs: Self) -> Bool {
        lhs.bytes.lexicographicallyPrecedes(rhs.bytes)
    }
}

extension ByteString: ExpressibleByStringLiteral {
    package init(stringLiteral text: String) { self.init(text) }
}

extension ByteString: CustomStringConvertible {
    package var description: String { text }
}
