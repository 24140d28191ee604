// SPDX-License-Identifier: Apache-2.0
import Primitives
import RaftCore

/// A snapshot's file: what it is, then the state machine's bytes.
///
/// Format 1, little-endian:
///
///     `TARNSNAP` · format (u32) · cluster · store · node (16, 16, u64)
///     · index (u64) · term (u64) · voters (as ``VoterSet`` writes itself)
///     · state length (u64) · CRC-32C of the state (u32)
///     · zeros up to a multiple of 512 less four · CRC-32C of all before (u32) · state
///
/// The header's own length stands in front of all, as u32 behind the magic.
struct SnapshotFile {
    let identity: LogIdentity
    let metadata: SnapshotMetadata

    static let magic = Array("TARNSNAP".utf8)
    static let newestFormat: UInt32 = 1
    /// Bytes of the longest header; far more than the most members need.
    static let longestHeader = 1 << 20

    // MARK: - Names

    private static let prefix = "snapshot-"

    static func name(_ position: LogPosition) -> String {
        prefix + hexText(position.index.rawValue) + "-" + hexText(position.term.rawValue)
    }

    /// The position in a name that ``name(_:)`` made; `nil` for any other.
    static func position(in name: String) -> LogPosition? {
        let parts = name.dropFirst(prefix.count).split(separator: "-")
        guard name.hasPrefix(prefix), parts.count == 2,
            let index = UInt64(parts[0], radix: 16), let term = UInt64(parts[1], radix: 16)
        else { return nil }
        let position = LogPosition(term: Term(term), index: LogIndex(index))
        return self.name(position) == name ? position : nil
    }

    // MARK: - Coding

    func encodedHeader() -> [UInt8] {
        var writer = ByteWriter()
        identity.encode(into: &writer)
        writer.write(metadata.position.index.rawValue)
        writer.write(metadata.position.term.rawValue)
        metadata.voters.encode(into: &writer)
        writer.write(metadata.byteCount)
        writer.write(metadata.checksum)

        let content = Self.magic.count + 8 + writer.bytes.count + 4
        let byteCount = (content + 511) / 512 * 512
        var header = ByteWriter()
        header.write(raw: Self.magic)
        header.write(Self.newestFormat)
        header.write(UInt32(byteCount))
        header.write(raw: writer.bytes)
        return sealed(header.bytes, byteCount: byteCount)
    }

    /// The header's length, from the file's first ``startByteCount`` bytes.
    static func headerByteCount(start: [UInt8]) throws(ByteDecodingError) -> Int {
        var reader = ByteReader(start)
        try reader.expect(magic, "snapshot magic")
        _ = try reader.integer(UInt32.self)
        let byteCount = Int(try reader.integer(UInt32.self))
        guard byteCount <= longestHeader, byteCount > startByteCount else {
            throw .invalid(what: "snapshot header length", value: UInt64(byteCount))
        }
        return byteCount
    }

    static let startByteCount = 16

    /// Takes a whole file apart, and compares the state with what the header says of it.
    static func split(_ file: [UInt8]) throws(ByteDecodingError) -> (SnapshotFile, state: [UInt8]) {
        let headerByteCount = try headerByteCount(start: Array(file.prefix(startByteCount)))
        let header = try SnapshotFile(decodingHeader: Array(file.prefix(headerByteCount)))
        let state = Array(file.dropFirst(headerByteCount))
        guard UInt64(state.count) == header.metadata.byteCount else {
            throw .invalid(what: "snapshot state length", value: UInt64(state.count))
        }
        let checksum = CRC32C.checksum(state)
        guard checksum == header.metadata.checksum else {
            throw .invalid(what: "snapshot state checksum", value: UInt64(checksum))
        }
        return (header, state)
    }

    init(identity: LogIdentity, metadata: SnapshotMetadata) {
        self.identity = identity
        self.metadata = metadata
    }

    init(decodingHeader block: [UInt8]) throws(ByteDecodingError) {
        var reader = try openSealed(
            block,
            byteCount: block.count,
            magic: Self.magic,
            newest: Self.newestFormat
        )
        _ = try reader.integer(UInt32.self)
        identity = try LogIdentity(from: &reader)
        let index = LogIndex(try reader.counter())
        let term = Term(try reader.counter())
        let voters = try VoterSet.decode(from: &reader)
        metadata = SnapshotMetadata(
            position: LogPosition(term: term, index: index),
            voters: voters,
            byteCount: try reader.integer(),
            checksum: try reader.integer()
        )
    }
}
