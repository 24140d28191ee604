// SPDX-License-Identifier: Apache-2.0

/// Builds the bytes of a wire frame or a disk record.
///
/// Integers are little-endian and of fixed width; a run of bytes is preceded by its length as
/// `u32`. ``ByteReader`` reads it all back.
///
/// Public and inlinable throughout, because the compiler specialises nothing across modules that is
/// `package`: each integer would be written by generic code.
public struct ByteWriter: Sendable {
    /// What was written so far.
    @inlinable public var bytes: [UInt8] { storage }
    @usableFromInline var storage: [UInt8] = []

    /// Length of what was written so far, in bytes.
    @inlinable public var byteCount: Int { storage.count }

    /// An empty writer with room for `byteCount` bytes.
    @inlinable public init(reservingCapacity byteCount: Int = 0) {
        storage.reserveCapacity(byteCount)
    }

    /// CRC-32C of what was written from `start` on, in bytes, going on from `seed`.
    ///
    /// In place: a copy of the bytes would be made once more for each checksum.
    package func checksum(from start: Int, after seed: UInt32 = 0) -> UInt32 {
        precondition(start >= 0 && start <= storage.count, "\(start) of \(storage.count) bytes")
        return unsafe storage.withUnsafeBytes { bytes in
            // Safe because the precondition keeps the range inside what was written.
            unsafe CRC32C.checksum(UnsafeRawBufferPointer(rebasing: bytes[start...]), after: seed)
        }
    }

    /// Appends an integer, little-endian.
    @inlinable public mutating func write(_ value: some FixedWidthInteger) {
        // Safe because the bytes of an integer are all initialised and are copied before it ends.
        unsafe withUnsafeBytes(of: value.littleEndian) { unsafe storage.append(contentsOf: $0) }
    }

    /// Appends a byte: 1 or 0.
    @inlinable public mutating func write(_ flag: Bool) { storage.append(flag ? 1 : 0) }

    /// Appends bytes as they are, without a length.
    @inlinable public mutating func write(raw run: some Sequence<UInt8>) {
        storage.append(contentsOf: run)
    }

    /// Appends `u32` length, then the bytes.
    ///
    /// The length must fit 32 bits: callers bound what they write long before that.
    @inlinable public mutating func write(_ run: [UInt8]) {
        write(UInt32(run.count))
        storage.append(contentsOf: run)
    }

    /// Appends `u32` length, then the bytes of the name.
    @inlinable public mutating func write(_ name: ByteString) { write(name.bytes) }

    /// Appends `u32` length, then the UTF-8 of the text.
    @inlinable public mutating func write(_ text: String) {
        write(UInt32(text.utf8.count))
        storage.append(contentsOf: text.utf8)
    }

    package mutating func write(_ id: UniqueID) {
        write(id.high)
        write(id.low)
    }

    /// Appends a presence byte, then the value if there is one.
    @inlinable public mutating func write<Value>(
        optional value: Value?,
        _ body: (inout ByteWriter, Value) -> Void
    ) {
        write(value != nil)
        if let value { body(&self, value) }
    }

    /// Appends `u32` count, then every element.
    @inlinable public mutating func write<Element>(
        list: some Collection<Element>,
        _ body: (inout ByteWriter, Element) -> Void
    ) {
        write(UInt32(list.count))
        for element in list { body(&self, element) }
    }
}
