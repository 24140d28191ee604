// SPDX-License-Identifier: Apache-2.0

/// Why bytes from a disk or a network could not be read.
public enum ByteDecodingError: Error, Sendable, Equatable {
    /// The bytes end before the value does. Both in bytes.
    case truncated(needed: Int, left: Int)
    /// A length, count, tag or flag outside what its format allows.
    case invalid(what: StaticStringBox, value: UInt64)
    /// Bytes are left over behind the last value.
    case trailing(byteCount: Int)
    /// The format is newer than this release reads.
    case unsupportedVersion(of: StaticStringBox, found: UInt64, newest: UInt64)
}

extension ByteDecodingError: CustomStringConvertible {
    /// For people: what stands where something else should.
    public var description: String {
        switch self {
        case .truncated(let needed, let left): "\(needed) bytes needed where \(left) are left"
        case .invalid(let what, let value): "wrong \(what): \(value)"
        case .trailing(let byteCount): "\(byteCount) bytes more than there should be"
        case .unsupportedVersion(let what, let found, let newest):
            "\(what) of format \(found), this release reads up to \(newest)"
        }
    }
}

/// A constant name inside an error: comparable, free of allocation.
public struct StaticStringBox: Sendable, Equatable, ExpressibleByStringLiteral,
    CustomStringConvertible
{
    /// The name itself.
    public let description: String

    /// Reads `bytes` from the first one on.
    public init(stringLiteral value: String) { description = value }
}

/// Reads what ``ByteWriter`` wrote, from bytes that nobody vouches for.
///
/// Never traps and never allocates more than the input holds: a length or count is compared with
/// what is left before anything is reserved. Public and inlinable for the reason of ``ByteWriter``.
public struct ByteReader: Sendable {
    @usableFromInline let bytes: ArraySlice<UInt8>
    @usableFromInline var position: Int

    /// Reads `bytes` from the first one on.
    @inlinable public init(_ bytes: [UInt8]) { self.init(bytes[...]) }

    /// Reads `bytes` from the first one on.
    @inlinable public init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    /// Bytes that were not read yet.
    @inlinable public var byteCountLeft: Int { bytes.endIndex - position }

    /// Reads a little-endian integer of at most 64 bits.
    @inlinable public mutating func integer<Value: FixedWidthInteger>(
        _ type: Value.Type = Value.self
    ) throws(ByteDecodingError) -> Value {
        let width = Value.bitWidth / 8
        precondition(width <= 8, "integers are of 64 bits at most")
        try require(width)
        // Put together as a UInt64: generic arithmetic is a call a byte to another module, which
        // took half the time of reading a log back.
        let start = position - bytes.startIndex
        // Safe because so many bytes are left: asked for above.
        let value = unsafe bytes.withUnsafeBytes { buffer in
            var value: UInt64 = 0
            for offset in 0..<width {
                value |= unsafe UInt64(buffer[start + offset]) << (8 * offset)
            }
            return value
        }
        position += width
        return Value(truncatingIfNeeded: value)
    }

    /// Reads a byte that must be 0 or 1.
    @inlinable public mutating func flag() throws(ByteDecodingError) -> Bool {
        let byte = try integer(UInt8.self)
        guard byte <= 1 else { throw .invalid(what: "flag", value: UInt64(byte)) }
        return byte == 1
    }

    /// Reads that many bytes as they are.
    @inlinable public mutating func raw(
        _ byteCount: Int
    ) throws(ByteDecodingError) -> ArraySlice<UInt8> {
        try require(byteCount)
        defer { position += byteCount }
        return bytes[position..<position + byteCount]
    }

    /// Reads a `u32` length and that many bytes.
    @inlinable public mutating func run(
        upTo limit: Int = Int(UInt32.max)
    ) throws(ByteDecodingError) -> [UInt8] {
        let count = try integer(UInt32.self)
        guard Int(count) <= limit else { throw .invalid(what: "length", value: UInt64(count)) }
        return Array(try raw(Int(count)))
    }

    /// Reads a `u32` length and a name of that many bytes.
    @inlinable public mutating func byteString() throws(ByteDecodingError) -> ByteString {
        ByteString(try run())
    }

    /// Reads a `u32` length and that many bytes, which must be UTF-8.
    @inlinable public mutating func text() throws(ByteDecodingError) -> String {
        let run = try run()
        guard let text = String(validating: run, as: UTF8.self) else {
            throw .invalid(what: "UTF-8 text of length", value: UInt64(run.count))
        }
        return text
    }

    package mutating func uniqueID() throws(ByteDecodingError) -> UniqueID {
        UniqueID(high: try integer(), low: try integer())
    }

    /// Reads a presence byte, then the value if there is one.
    @inlinable public mutating func optional<Value>(
        _ body: (inout ByteReader) throws(ByteDecodingError) -> Value
    ) throws(ByteDecodingError) -> Value? {
        try flag() ? try body(&self) : nil
    }

    /// Reads a `u32` count and that many elements, each at least one byte long.
    @inlinable public mutating func list<Element>(
        _ body: (inout ByteReader) throws(ByteDecodingError) -> Element
    ) throws(ByteDecodingError) -> [Element] {
        let count = try integer(UInt32.self)
        guard Int(count) <= byteCountLeft else {
            throw .invalid(what: "count", value: UInt64(count))
        }
        var elements: [Element] = []
        for _ in 0..<count { elements.append(try body(&self)) }
        return elements
    }

    /// Demands that nothing is left.
    @inlinable public func finish() throws(ByteDecodingError) {
        guard byteCountLeft == 0 else { throw .trailing(byteCount: byteCountLeft) }
    }

    @inlinable func require(_ byteCount: Int) throws(ByteDecodingError) {
        guard byteCount >= 0, byteCount <= byteCountLeft else {
            throw .truncated(needed: byteCount, left: byteCountLeft)
        }
    }
}
