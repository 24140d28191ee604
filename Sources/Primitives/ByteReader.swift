// SPDX-License-Identifier: Apache-2.0

/// Why bytes from a disk or a network could not be read.
package enum ByteDecodingError: Error, Sendable, Equatable {
    /// The bytes end before the value does. Both in bytes.
    case truncated(needed: Int, left: Int)
    /// A length, count, tag or flag outside what its format allows.
    case invalid(what: StaticStringBox, value: UInt64)
    /// Bytes are left over behind the last value.
    case trailing(byteCount: Int)
    /// The format is newer than this release reads.
    case unsupportedVersion(of: StaticStringBox, found: UInt64, newest: UInt64)
}

/// A constant name inside an error: comparable, free of allocation.
package struct StaticStringBox: Sendable, Equatable, ExpressibleByStringLiteral,
    CustomStringConvertible
{
    package let description: String

    package init(stringLiteral value: String) { description = value }
}

/// Reads what ``ByteWriter`` wrote, from bytes that nobody vouches for.
///
/// Never traps and never allocates more than the input holds: a length or count is compared with
/// what is left before anything is reserved.
package struct ByteReader: Sendable {
    private let bytes: ArraySlice<UInt8>
    private var position: Int

    package init(_ bytes: [UInt8]) { self.init(bytes[...]) }

    package init(_ bytes: ArraySlice<UInt8>) {
        self.bytes = bytes
        position = bytes.startIndex
    }

    package var byteCountLeft: Int { bytes.endIndex - position }

    package mutating func integer<Value: FixedWidthInteger>(
        _ type: Value.Type = Value.self
    ) throws(ByteDecodingError) -> Value {
        try fixed()
    }

    // One for each width that formats have: a generic function is specialised only inside its module,
    // and called from another one it costs a dozen times as much.

    package mutating func integer(
        _ type: UInt8.Type = UInt8.self
    ) throws(ByteDecodingError) -> UInt8 {
        try require(1)
        defer { position += 1 }
        return bytes[position]
    }

    package mutating func integer(
        _ type: UInt16.Type = UInt16.self
    ) throws(ByteDecodingError) -> UInt16 { try fixed() }

    package mutating func integer(
        _ type: UInt32.Type = UInt32.self
    ) throws(ByteDecodingError) -> UInt32 { try fixed() }

    package mutating func integer(
        _ type: UInt64.Type = UInt64.self
    ) throws(ByteDecodingError) -> UInt64 { try fixed() }

    @inline(__always) private mutating func fixed<Value: FixedWidthInteger>()
        throws(ByteDecodingError) -> Value
    {
        let width = Value.bitWidth / 8
        precondition(width <= 8, "integers are of 64 bits at most")
        try require(width)
        // Put together as a UInt64: generic arithmetic is a call a byte to another module, which
        // took half the time of reading a log back.
        var value: UInt64 = 0
        for offset in 0..<width { value |= UInt64(bytes[position + offset]) << (8 * offset) }
        position += width
        return Value(truncatingIfNeeded: value)
    }

    package mutating func flag() throws(ByteDecodingError) -> Bool {
        let byte = try integer(UInt8.self)
        guard byte <= 1 else { throw .invalid(what: "flag", value: UInt64(byte)) }
        return byte == 1
    }

    package mutating func raw(_ byteCount: Int) throws(ByteDecodingError) -> ArraySlice<UInt8> {
        try require(byteCount)
        defer { position += byteCount }
        return bytes[position..<position + byteCount]
    }

    /// Reads a `u32` length and that many bytes.
    package mutating func run(
        upTo limit: Int = Int(UInt32.max)
    ) throws(ByteDecodingError) -> [UInt8] {
        let count = try integer(UInt32.self)
        guard Int(count) <= limit else { throw .invalid(what: "length", value: UInt64(count)) }
        return Array(try raw(Int(count)))
    }

    package mutating func byteString() throws(ByteDecodingError) -> ByteString {
        ByteString(try run())
    }

    package mutating func text() throws(ByteDecodingError) -> String {
        let run = try run()
        guard let text = String(validating: run, as: UTF8.self) else {
            throw .invalid(what: "UTF-8 text of length", value: UInt64(run.count))
        }
        return text
    }

    package mutating func uniqueID() throws(ByteDecodingError) -> UniqueID {
        UniqueID(high: try integer(), low: try integer())
    }

    package mutating func optional<Value>(
        _ body: (inout ByteReader) throws(ByteDecodingError) -> Value
    ) throws(ByteDecodingError) -> Value? {
        try flag() ? try body(&self) : nil
    }

    /// Reads a `u32` count and that many elements, each at least one byte long.
    package mutating func list<Element>(
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
    package func finish() throws(ByteDecodingError) {
        guard byteCountLeft == 0 else { throw .trailing(byteCount: byteCountLeft) }
    }

    private func require(_ byteCount: Int) throws(ByteDecodingError) {
        guard byteCount >= 0, byteCount <= byteCountLeft else {
            throw .truncated(needed: byteCount, left: byteCountLeft)
        }
    }
}
