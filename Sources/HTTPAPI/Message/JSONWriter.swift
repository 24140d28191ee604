// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// Writes JSON straight into the bytes of an answer.
///
/// For the documents that are answered thousands of times a second: `JSONEncoder` makes a tree of
/// boxes, sorts it and writes that, which took a tenth of a worker's time under load. The bytes are the
/// same (`JSONWriterTests` compares them); callers give the members of an object in the order of
/// their names.
package struct JSONWriter {
    private(set) var bytes: ByteBuffer
    /// Whether the next value of the object or array under way needs a comma before it.
    private var isBehindValue = false

    init(reservingCapacity byteCount: Int) {
        bytes = ByteBuffer()
        bytes.reserveCapacity(byteCount)
    }

    // MARK: - Members of an object

    mutating func member(_ name: StaticString, _ value: String?) {
        self.name(name)
        write(value)
    }

    mutating func member(_ name: StaticString, _ value: Bool) {
        self.name(name)
        bytes.writeStaticString(value ? "true" : "false")
    }

    mutating func member(_ name: StaticString, _ value: some FixedWidthInteger) {
        self.name(name)
        bytes.writeString(String(value))
    }

    /// A member whose value `body` writes.
    mutating func member(_ name: StaticString, _ body: (inout JSONWriter) -> Void) {
        self.name(name)
        body(&self)
        isBehindValue = true
    }

    /// A member with an object of names that are not known beforehand; `null` for `nil`.
    mutating func member<Value>(
        _ name: StaticString,
        sorting values: [String: Value]?,
        _ body: (inout JSONWriter, Value) -> Void
    ) {
        self.name(name)
        guard let values else { return write(nil) }
        object { writer in
            for (key, value) in values.sorted(by: { $0.key < $1.key }) {
                writer.separate()
                writer.quote(key)
                writer.bytes.writeInteger(UInt8(ascii: ":"))
                body(&writer, value)
                writer.isBehindValue = true
            }
        }
    }

    // MARK: - Values

    /// A string; `null` for `nil`.
    mutating func write(_ value: String?) {
        if let value { quote(value) } else { bytes.writeStaticString("null") }
    }

    mutating func object(_ body: (inout JSONWriter) -> Void) {
        bytes.writeInteger(UInt8(ascii: "{"))
        isBehindValue = false
        body(&self)
        bytes.writeInteger(UInt8(ascii: "}"))
        isBehindValue = true
    }

    mutating func array<Element>(
        _ elements: [Element],
        _ body: (inout JSONWriter, Element) -> Void
    ) {
        bytes.writeInteger(UInt8(ascii: "["))
        isBehindValue = false
        for element in elements {
            separate()
            body(&self, element)
            isBehindValue = true
        }
        bytes.writeInteger(UInt8(ascii: "]"))
        isBehindValue = true
    }

    // MARK: - Private

    /// Names are written in the source and need no escapes.
    private mutating func name(_ name: StaticString) {
        separate()
        bytes.writeInteger(UInt8(ascii: "\""))
        bytes.writeStaticString(name)
        bytes.writeStaticString("\":")
        isBehindValue = true
    }

    private mutating func separate() {
        if isBehindValue { bytes.writeInteger(UInt8(ascii: ",")) }
    }

    private mutating func quote(_ text: String) {
        bytes.writeInteger(UInt8(ascii: "\""))
        if text.utf8.contains(where: Self.isEscaped) {
            for byte in text.utf8 { escape(byte) }
        } else {
            bytes.writeString(text)
        }
        bytes.writeInteger(UInt8(ascii: "\""))
    }

    private static func isEscaped(_ byte: UInt8) -> Bool {
        byte < 0x20 || byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\")
    }

    /// - Source: RFC 8259 §7.
    private mutating func escape(_ byte: UInt8) {
        switch byte {
        case UInt8(ascii: "\""): bytes.writeStaticString("\\\"")
        case UInt8(ascii: "\\"): bytes.writeStaticString("\\\\")
        case 0x08: bytes.writeStaticString("\\b")
        case 0x09: bytes.writeStaticString("\\t")
        case 0x0A: bytes.writeStaticString("\\n")
        case 0x0C: bytes.writeStaticString("\\f")
        case 0x0D: bytes.writeStaticString("\\r")
        case ..<0x20:
            let digits = String(byte, radix: 16)
            bytes.writeString("\\u" + String(repeating: "0", count: 4 - digits.count) + digits)
        default: bytes.writeInteger(byte)
        }
    }
}
