// SPDX-License-Identifier: Apache-2.0
import Glibc

/// A name as the bytes that it is: a cluster path, an object's key, a file's name.
///
/// Not `String`, whose `==`, hash and order follow Unicode: there "é" in one code point equals "é" in
/// two, while for an object store they are two keys. Equality, hash and order here are those of the
/// bytes, as S3 lists them.
public struct ByteString: Hashable, Sendable {
    /// The bytes themselves.
    public var bytes: [UInt8]

    /// No bytes.
    @inlinable public init() { bytes = [] }

    /// The bytes of a sequence.
    @inlinable public init(_ bytes: some Sequence<UInt8>) { self.bytes = Array(bytes) }

    /// The UTF-8 of a text.
    @inlinable public init(_ text: String) { bytes = Array(text.utf8) }

    /// Bytes.
    @inlinable public var count: Int { bytes.count }

    /// Whether there is no byte.
    @inlinable public var isEmpty: Bool { bytes.isEmpty }

    /// The text, with U+FFFD where the bytes are not UTF-8.
    public var text: String { String(decoding: bytes, as: UTF8.self) }

    /// The text, or `nil` where the bytes are not UTF-8.
    public var validText: String? { String(validating: bytes, as: UTF8.self) }

    /// Whether it begins with the bytes of `prefix`.
    @inlinable public func hasPrefix(_ prefix: ByteString) -> Bool {
        bytes.starts(with: prefix.bytes)
    }

    /// Whether it ends with the bytes of `suffix`.
    @inlinable public func hasSuffix(_ suffix: ByteString) -> Bool {
        bytes.count >= suffix.count && bytes.suffix(suffix.count).elementsEqual(suffix.bytes)
    }

    /// What is left without the first `count` bytes.
    @inlinable public func dropFirst(_ count: Int) -> ByteString {
        ByteString(bytes.dropFirst(count))
    }

    /// Whether both are the same bytes.
    public static func == (lhs: Self, rhs: Self) -> Bool {
        lhs.count == rhs.count && order(lhs, rhs) == 0
    }

    /// The bytes of both, one behind the other.
    @inlinable public static func + (lhs: Self, rhs: Self) -> Self {
        ByteString(lhs.bytes + rhs.bytes)
    }
}

extension ByteString: Comparable {
    /// Whether the first comes before the second.
    public static func < (lhs: Self, rhs: Self) -> Bool { order(lhs, rhs) < 0 }

    /// Whether the first comes behind the second.
    public static func > (lhs: Self, rhs: Self) -> Bool { order(lhs, rhs) > 0 }

    /// Whether the first does not come behind the second.
    public static func <= (lhs: Self, rhs: Self) -> Bool { order(lhs, rhs) <= 0 }

    /// Whether the first does not come before the second.
    public static func >= (lhs: Self, rhs: Self) -> Bool { order(lhs, rhs) >= 0 }

    /// Below, at or above zero; a prefix comes before what it begins.
    ///
    /// Long common prefixes are the rule among paths: `memcmp` looks at them many bytes at a time.
    fileprivate static func order(_ lhs: Self, _ rhs: Self) -> Int {
        let common = min(lhs.count, rhs.count)
        // Safe because both are at least `common` bytes long and live until the call returns.
        let order = unsafe lhs.bytes.withUnsafeBytes { left in
            unsafe rhs.bytes.withUnsafeBytes { right in
                guard let left = left.baseAddress, let right = right.baseAddress else { return 0 }
                return Int(unsafe memcmp(left, right, common))
            }
        }
        return order == 0 ? lhs.count - rhs.count : order
    }
}

extension ByteString: ExpressibleByStringLiteral {
    /// The UTF-8 of a literal.
    @inlinable public init(stringLiteral text: String) { self.init(text) }
}

extension ByteString: CustomStringConvertible {
    /// The text, as ``text`` gives it.
    public var description: String { text }
}
