// SPDX-License-Identifier: Apache-2.0

/// Builds the bytes of a wire frame or a disk record.
///
/// Integers are little-endian and of fixed width; a run of bytes is preceded by its length as
/// `u32`. ``ByteReader`` reads it all back.
package struct ByteWriter: Sendable {
    package private(set) var bytes: [UInt8] = []

    package init(reservingCapacity byteCount: Int = 0) { bytes.reserveCapacity(byteCount) }

    package mutating func write(_ value: some FixedWidthInteger) {
        // Safe because the bytes of an integer are all initialised and are copied before it ends.
        unsafe withUnsafeBytes(of: value.littleEndian) { unsafe bytes.append(contentsOf: $0) }
    }

    // One for each width that formats have, as `ByteReader` has them.

    package mutating func write(_ value: UInt8) { bytes.append(value) }

    package mutating func write(_ value: UInt16) { append(value) }

    package mutating func write(_ value: UInt32) { append(value) }

    package mutating func write(_ value: UInt64) { append(value) }

    @inline(__always) private mutating func append<Value: FixedWidthInteger>(_ value: Value) {
        // Safe as above.
        unsafe withUnsafeBytes(of: value.littleEndian) { unsafe bytes.append(contentsOf: $0) }
    }

    package mutating func write(_ flag: Bool) { bytes.append(flag ? 1 : 0) }

    /// Appends bytes as they are, without a length.
    package mutating func write(raw run: some Sequence<UInt8>) { bytes.append(contentsOf: run) }

    package mutating func write(raw run: [UInt8]) { bytes.append(contentsOf: run) }

    package mutating func write(raw run: ArraySlice<UInt8>) { bytes.append(contentsOf: run) }

    /// Appends `u32` length, then the bytes.
    ///
    /// The length must fit 32 bits: callers bound what they write long before that.
    package mutating func write(_ run: [UInt8]) {
        write(UInt32(run.count))
        bytes.append(contentsOf: run)
    }

    package mutating func write(_ name: ByteString) { write(name.bytes) }

    package mutating func write(_ text: String) {
        write(UInt32(text.utf8.count))
        bytes.append(contentsOf: text.utf8)
    }

    package mutating func write(_ id: UniqueID) {
        write(id.high)
        write(id.low)
    }

    /// Appends a presence byte, then the value if there is one.
    package mutating func write<Value>(
        optional value: Value?,
        _ body: (inout ByteWriter, Value) -> Void
    ) {
        write(value != nil)
        if let value { body(&self, value) }
    }

    /// Appends `u32` count, then every element.
    package mutating func write<Element>(
        list: some Collection<Element>,
        _ body: (inout ByteWriter, Element) -> Void
    ) {
        write(UInt32(list.count))
        for element in list { body(&self, element) }
    }
}
