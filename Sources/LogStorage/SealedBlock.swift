// SPDX-License-Identifier: Apache-2.0
import Primitives
import RaftCore

/// Fills `content` up with zeros and ends it with its CRC-32C.
func sealed(_ content: [UInt8], byteCount: Int) -> [UInt8] {
    precondition(
        content.count <= byteCount - 4,
        "\(content.count) bytes in a block of \(byteCount)"
    )
    var writer = ByteWriter(reservingCapacity: byteCount)
    writer.write(raw: content)
    writer.write(raw: [UInt8](repeating: 0, count: byteCount - 4 - content.count))
    writer.write(CRC32C.checksum(writer.bytes))
    return writer.bytes
}

/// Checks a block that ``sealed(_:byteCount:)`` made and stands behind its magic and format number.
///
/// The format is compared after the checksum: only a block that is whole can be called newer.
func openSealed(
    _ block: [UInt8],
    byteCount: Int,
    magic: [UInt8],
    newest: UInt32
) throws(ByteDecodingError) -> ByteReader {
    guard block.count == byteCount else {
        throw .truncated(needed: byteCount, left: block.count)
    }
    var reader = ByteReader(block.dropLast(4))
    try reader.expect(magic, "magic")
    var tail = ByteReader(block.suffix(4))
    let checksum = try tail.integer(UInt32.self)
    guard checksum == CRC32C.checksum(block.dropLast(4)) else {
        throw .invalid(what: "block checksum", value: UInt64(checksum))
    }
    let format = try reader.integer(UInt32.self)
    guard format <= newest, format > 0 else {
        throw .unsupportedVersion(of: "format", found: UInt64(format), newest: UInt64(newest))
    }
    return reader
}

extension ByteReader {
    /// Reads a number that counts up from 0 or 1: a value so large that adding to it might overflow
    /// was never written by us, whatever the checksum says.
    mutating func counter() throws(ByteDecodingError) -> UInt64 {
        let value = try integer(UInt64.self)
        guard value < 1 << 62 else { throw .invalid(what: "counter", value: value) }
        return value
    }

    /// Reads a counter that is at least 1.
    mutating func positive() throws(ByteDecodingError) -> UInt64 {
        let value = try counter()
        guard value > 0 else { throw .invalid(what: "counter from 1", value: value) }
        return value
    }
}

extension HardState {
    func encode(into writer: inout ByteWriter) {
        writer.write(term.rawValue)
        writer.write(vote != nil)
        writer.write(vote?.rawValue ?? 0)
    }

    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        let term = Term(try reader.counter())
        let hasVote = try reader.flag()
        let vote = NodeID(try reader.integer())
        self.init(term: term, vote: hasVote ? vote : nil)
    }
}
