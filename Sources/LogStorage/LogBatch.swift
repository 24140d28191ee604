// SPDX-License-Identifier: Apache-2.0
import Primitives
import RaftCore

/// What one `fdatasync` makes durable: all of its records or none.
///
/// Format 1, little-endian, laid out in marked sectors (``Sector``):
///
///     front:  `TBAT` · stream length (u32) · record count (u32) · sequence (u64)
///             · chain before (u32) · CRC-32C of all before (u32)
///     records (``LogRecord``)
///     commit: `TCMT` · stream length (u32) · sequence (u64) · durable up to (u64)
///             · chain after (u32) · CRC-32C of everything before it (u32)
///
/// The front says how far the batch reaches, so that of a batch cut short every missing sector is
/// known; the commit frame says that it is whole. "Durable up to" is the log's last index before
/// this batch: everything up to there had been acknowledged when it was written.
struct LogBatch: Equatable {
    let sequence: UInt64
    let durableUpTo: LogIndex
    let records: [LogRecord]

    static let frontByteCount = 28
    static let commitByteCount = 32
    static let frontMagic = Array("TBAT".utf8)
    static let commitMagic = Array("TCMT".utf8)

    /// Bytes of a batch beside its records.
    static let overheadByteCount = frontByteCount + commitByteCount

    /// The marked sectors; moves `chain` on.
    func encoded(chain: inout UInt32) -> [UInt8] {
        let streamByteCount = records.reduce(Self.overheadByteCount) { $0 + $1.byteCount }
        var writer = ByteWriter(reservingCapacity: streamByteCount)
        writer.write(raw: Self.frontMagic)
        writer.write(UInt32(streamByteCount))
        writer.write(UInt32(records.count))
        writer.write(sequence)
        writer.write(chain)
        writer.write(writer.checksum(from: 0))
        for record in records { record.encode(into: &writer, chain: &chain) }
        writer.write(raw: Self.commitMagic)
        writer.write(UInt32(streamByteCount))
        writer.write(sequence)
        writer.write(durableUpTo.rawValue)
        writer.write(chain)
        writer.write(writer.checksum(from: 0))
        return Sector.marked(writer.bytes)
    }

    /// What the first bytes of a batch say about the rest.
    struct Front: Equatable {
        let streamByteCount: Int
        let recordCount: Int
        let sequence: UInt64
        let chain: UInt32

        init(from bytes: ArraySlice<UInt8>) throws(ByteDecodingError) {
            var reader = ByteReader(bytes)
            try reader.expect(LogBatch.frontMagic, "batch magic")
            streamByteCount = Int(try reader.integer(UInt32.self))
            recordCount = Int(try reader.integer(UInt32.self))
            sequence = try reader.positive()
            chain = try reader.integer()
            let checksum = try reader.integer(UInt32.self)
            guard checksum == CRC32C.checksum(bytes.dropLast(4)) else {
                throw .invalid(what: "batch front checksum", value: UInt64(checksum))
            }
            guard streamByteCount >= LogBatch.overheadByteCount else {
                throw .invalid(what: "batch length", value: UInt64(streamByteCount))
            }
        }
    }

    /// Reads a whole stream, whose front is known; moves `chain` on.
    init(stream: [UInt8], front: Front, chain: inout UInt32) throws(ByteDecodingError) {
        let body = stream.dropFirst(Self.frontByteCount).dropLast(Self.commitByteCount)
        var commit = ByteReader(stream.suffix(Self.commitByteCount))
        try commit.expect(Self.commitMagic, "commit magic")
        let byteCount = try commit.integer(UInt32.self)
        let sequence = try commit.integer(UInt64.self)
        let durableUpTo = LogIndex(try commit.counter())
        let chainAfter = try commit.integer(UInt32.self)
        let checksum = try commit.integer(UInt32.self)
        guard checksum == CRC32C.checksum(stream.dropLast(4)) else {
            throw .invalid(what: "batch checksum", value: UInt64(checksum))
        }
        guard Int(byteCount) == stream.count, sequence == front.sequence else {
            throw .invalid(what: "commit frame of batch", value: sequence)
        }

        var reader = ByteReader(body)
        var records: [LogRecord] = []
        for _ in 0..<front.recordCount {
            records.append(try LogRecord(from: &reader, chain: &chain))
        }
        try reader.finish()
        guard chain == chainAfter else {
            throw .invalid(what: "chain after batch", value: UInt64(chainAfter))
        }
        self.init(sequence: sequence, durableUpTo: durableUpTo, records: records)
    }

    init(sequence: UInt64, durableUpTo: LogIndex, records: [LogRecord]) {
        self.sequence = sequence
        self.durableUpTo = durableUpTo
        self.records = records
    }
}

extension ByteReader {
    mutating func expect(
        _ magic: [UInt8],
        _ what: StaticStringBox
    ) throws(ByteDecodingError) {
        let found = try raw(magic.count)
        guard found.elementsEqual(magic) else {
            throw .invalid(what: what, value: UInt64(found.first ?? 0))
        }
    }
}
