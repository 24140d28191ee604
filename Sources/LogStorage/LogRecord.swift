// SPDX-License-Identifier: Apache-2.0
import Primitives
import RaftCore

/// One step of the log's history; replaying all of them in order gives its state.
///
/// Format 1, little-endian:
///
///     payload length (u32) · type (u8) · flags (u8) · zero (u16) · index (u64) · term (u64)
///     · CRC-32C of the payload (u32) · chain (u32) · CRC-32C of all before (u32) · payload
///
/// The chain is the CRC-32C of the fields before it, continued from the previous record's chain: a
/// record cannot be left out, repeated or moved without the next one noticing.
enum LogRecord: Equatable {
    /// Type 1, flags: the entry's kind.
    case entry(LogEntry)
    /// Type 2, index: node voted for or 0, flags 1 if there is one.
    case hardState(HardState)
    /// Type 3: entries at and behind the index are void.
    case truncate(from: LogIndex)
    /// Type 4: a snapshot at this position replaces everything; the log goes on behind it.
    case reset(LogPosition)

    static let headerByteCount = 36

    private enum Kind: UInt8 {
        case entry = 1
        case hardState, truncate, reset
    }

    var byteCount: Int {
        guard case .entry(let entry) = self else { return Self.headerByteCount }
        return Self.headerByteCount + entry.payload.count
    }

    private var payload: [UInt8] {
        if case .entry(let entry) = self { entry.payload } else { [] }
    }

    // MARK: - Encoding

    /// Appends the record and moves `chain` on.
    func encode(into writer: inout ByteWriter, chain: inout UInt32) {
        let payload = payload
        let (kind, flags, index, term) = fields
        let start = writer.byteCount
        writer.write(UInt32(payload.count))
        writer.write(kind.rawValue)
        writer.write(flags)
        writer.write(UInt16(0))
        writer.write(index)
        writer.write(term)
        writer.write(CRC32C.checksum(payload))
        chain = writer.checksum(from: start, after: chain)
        writer.write(chain)
        writer.write(writer.checksum(from: start))
        writer.write(raw: payload)
    }

    private var fields: (Kind, flags: UInt8, index: UInt64, term: UInt64) {
        switch self {
        case .entry(let entry):
            (.entry, entry.kind.rawValue, entry.index.rawValue, entry.term.rawValue)
        case .hardState(let state):
            (
                .hardState, state.vote == nil ? 0 : 1, state.vote?.rawValue ?? 0,
                state.term.rawValue
            )
        case .truncate(let index): (.truncate, 0, index.rawValue, 0)
        case .reset(let position):
            (.reset, 0, position.index.rawValue, position.term.rawValue)
        }
    }

    // MARK: - Decoding

    /// Reads one record and moves `chain` on.
    init(from reader: inout ByteReader, chain: inout UInt32) throws(ByteDecodingError) {
        let header = try reader.raw(Self.headerByteCount)
        var fields = ByteReader(header)
        let payloadByteCount = try fields.integer(UInt32.self)
        let type = try fields.integer(UInt8.self)
        let flags = try fields.integer(UInt8.self)
        _ = try fields.integer(UInt16.self)
        let (index, term) = (try fields.counter(), try fields.counter())
        let payloadChecksum = try fields.integer(UInt32.self)
        let foundChain = try fields.integer(UInt32.self)
        let checksum = try fields.integer(UInt32.self)

        try Self.require("record header checksum", checksum, CRC32C.checksum(header.dropLast(4)))
        chain = CRC32C.checksum(header.dropLast(8), after: chain)
        try Self.require("record chain", foundChain, chain)
        let payload = Array(try reader.raw(Int(payloadByteCount)))
        try Self.require("record payload checksum", payloadChecksum, CRC32C.checksum(payload))
        try self.init(type: type, flags: flags, index: index, term: term, payload: payload)
    }

    private static func require(
        _ what: StaticStringBox,
        _ found: UInt32,
        _ expected: UInt32
    ) throws(ByteDecodingError) {
        guard found == expected else { throw .invalid(what: what, value: UInt64(found)) }
    }

    private init(
        type: UInt8,
        flags: UInt8,
        index: UInt64,
        term: UInt64,
        payload: [UInt8]
    ) throws(ByteDecodingError) {
        guard let kind = Kind(rawValue: type) else {
            throw .invalid(what: "record type", value: UInt64(type))
        }
        guard index > 0 || kind == .hardState || kind == .reset else {
            throw .invalid(what: "record index", value: index)
        }
        let position = LogPosition(term: Term(term), index: LogIndex(index))
        switch kind {
        case .entry:
            guard let kind = LogEntry.Kind(rawValue: flags) else {
                throw .invalid(what: "entry kind", value: UInt64(flags))
            }
            self = .entry(LogEntry(position: position, kind: kind, payload: payload))
        case .hardState:
            self = .hardState(HardState(term: Term(term), vote: flags == 1 ? NodeID(index) : nil))
        case .truncate: self = .truncate(from: LogIndex(index))
        case .reset: self = .reset(position)
        }
    }
}
