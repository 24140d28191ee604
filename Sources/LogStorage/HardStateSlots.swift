// SPDX-License-Identifier: Apache-2.0
import Primitives
import RaftCore
import SystemPackage

/// Term and vote in a file of two alternating slots: one is whole whatever happens to the other.
///
/// Format 1 of a slot, 4,096 bytes, little-endian, zeros up to the checksum in the last four:
///
///     `TARNVOTE` · format (u32) · version (u64) · cluster · store · node (16, 16, u64)
///     · term (u64) · has vote (u8) · vote (u64) · highest segment (u64) · … · CRC-32C (u32)
///
/// Version v is written to slot v mod 2, and synced; the higher valid version counts. The highest
/// segment's number stands here so that a log whose newest file vanished is not taken for whole.
struct HardStateSlots {
    struct Slot: Equatable {
        let version: UInt64
        let hardState: HardState
        let highestSegment: UInt64
    }

    static let name = "hard-state"
    static let slotByteCount = 4096
    static let magic = Array("TARNVOTE".utf8)
    static let newestFormat: UInt32 = 1

    private let file: any LogFile
    private let identity: LogIdentity
    private(set) var current: Slot

    /// Puts a new file in place whose slots are `first` and the same once more, as the next version.
    ///
    /// Both hold something, so that a lost one is always noticed.
    init(
        placing first: Slot,
        _ identity: LogIdentity,
        in directory: any LogDirectory
    ) throws(IOFailure) {
        let second = Slot(
            version: first.version + 1,
            hardState: first.hardState,
            highestSegment: first.highestSegment
        )
        let slots = [first, second].sorted { $0.version % 2 < $1.version % 2 }
        let content = slots.flatMap { Self.encode($0, identity) }
        file = try directory.place(Self.name, content, byteCount: content.count)
        self.identity = identity
        current = second
    }

    /// Makes a new value durable.
    mutating func write(_ hardState: HardState, highestSegment: UInt64) throws(IOFailure) {
        let slot = Slot(
            version: current.version + 1,
            hardState: hardState,
            highestSegment: highestSegment
        )
        let bytes = Self.encode(slot, identity)
        let offset = Int(slot.version % 2) * Self.slotByteCount
        try failing("write", Self.name) { () throws(Errno) in try file.write(bytes, at: offset) }
        try failing("sync", Self.name) { () throws(Errno) in try file.sync() }
        current = slot
    }

    // MARK: - Coding

    static func encode(_ slot: Slot, _ identity: LogIdentity) -> [UInt8] {
        var writer = ByteWriter()
        writer.write(raw: magic)
        writer.write(newestFormat)
        writer.write(slot.version)
        identity.encode(into: &writer)
        slot.hardState.encode(into: &writer)
        writer.write(slot.highestSegment)
        return sealed(writer.bytes, byteCount: slotByteCount)
    }

    static func decode(_ bytes: [UInt8]) throws(ByteDecodingError) -> (Slot, LogIdentity) {
        var reader = try openSealed(
            bytes,
            byteCount: slotByteCount,
            magic: magic,
            newest: newestFormat
        )
        let version = try reader.counter()
        let identity = try LogIdentity(from: &reader)
        let hardState = try HardState(from: &reader)
        let highest = try reader.counter()
        return (Slot(version: version, hardState: hardState, highestSegment: highest), identity)
    }
}

/// Runs one call to the disk and says, if it fails, what it was for; only then is a name made.
func failing<Result>(
    _ operation: String,
    _ file: @autoclosure () -> String,
    _ body: () throws(Errno) -> Result
) throws(IOFailure) -> Result {
    do {
        return try body()
    } catch {
        throw IOFailure(operation: operation, file: file(), errno: error)
    }
}

extension IOFailure: Error {}
