// SPDX-License-Identifier: Apache-2.0
import Primitives
import RaftCore

/// The first sector of a segment file: whose it is, and where in the log's history it goes on.
///
/// Format 1, little-endian, zeros up to the checksum in the last four bytes:
///
///     `TARNWAL1` · format (u32) · segment length (u32) · cluster · store · node (16, 16, u64)
///     · segment number (u64) · next index (u64) · next sequence (u64) · chain (u32)
///     · term (u64) · has vote (u8) · vote (u64) · … · CRC-32C of all before (u32)
///
/// The hard state in force is repeated here, so that it survives when older segments are dropped.
struct SegmentHeader: Equatable {
    let identity: LogIdentity
    /// Length of the file, in bytes.
    let byteCount: Int
    /// Counts from 1.
    let number: UInt64
    /// Index that the next appended entry has.
    let nextIndex: LogIndex
    /// Number of the first batch.
    let nextSequence: UInt64
    /// Chain of the last record before.
    let chain: UInt32
    let hardState: HardState

    static let magic = Array("TARNWAL1".utf8)
    static let newestFormat: UInt32 = 1

    // MARK: - Names

    private static let prefix = "segment-"

    /// The file's name: the number in 16 hex digits, so that names sort as numbers do.
    static func name(_ number: UInt64) -> String { prefix + hexText(number) }

    var name: String { Self.name(number) }

    /// The number in a name that ``name(_:)`` made; `nil` for any other.
    static func number(in name: String) -> UInt64? {
        guard name.hasPrefix(prefix),
            let number = UInt64(name.dropFirst(prefix.count), radix: 16),
            self.name(number) == name
        else { return nil }
        return number
    }

    // MARK: - Coding

    func encoded() -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: Sector.byteCount)
        writer.write(raw: Self.magic)
        writer.write(Self.newestFormat)
        writer.write(UInt32(byteCount))
        identity.encode(into: &writer)
        writer.write(number)
        writer.write(nextIndex.rawValue)
        writer.write(nextSequence)
        writer.write(chain)
        hardState.encode(into: &writer)
        return sealed(writer.bytes, byteCount: Sector.byteCount)
    }

    init(
        identity: LogIdentity,
        byteCount: Int,
        number: UInt64,
        nextIndex: LogIndex,
        nextSequence: UInt64,
        chain: UInt32,
        hardState: HardState
    ) {
        self.identity = identity
        self.byteCount = byteCount
        self.number = number
        self.nextIndex = nextIndex
        self.nextSequence = nextSequence
        self.chain = chain
        self.hardState = hardState
    }

    /// Reads a header; the format's number is looked at before anything else.
    init(decoding sector: [UInt8]) throws(ByteDecodingError) {
        var reader = try openSealed(
            sector,
            byteCount: Sector.byteCount,
            magic: Self.magic,
            newest: Self.newestFormat
        )
        byteCount = Int(try reader.integer(UInt32.self))
        identity = try LogIdentity(from: &reader)
        number = try reader.positive()
        nextIndex = LogIndex(try reader.positive())
        nextSequence = try reader.positive()
        chain = try reader.integer()
        hardState = try HardState(from: &reader)
    }
}
