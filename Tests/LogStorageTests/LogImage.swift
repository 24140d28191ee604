// SPDX-License-Identifier: Apache-2.0
import LogStorage
import Primitives
import RaftCore
import SimulationKit

/// A log of three segments as files, made by the product, to be damaged by tests.
///
/// 4,096-byte segments of two batches each; a batch is four entries of 300 bytes, three sectors:
/// entries 1–8, 9–16, 17–24. The last batch starts at byte 2,048 of segment 3.
struct LogImage: Sendable {
    var files: [String: [UInt8]]
    var identity = ownIdentity

    static let lastBatch = 2048

    static func segment(_ number: Int) -> String {
        "segment-" + hexText(UInt64(number))
    }

    static func snapshot(_ index: UInt64, _ term: UInt64) -> String {
        "snapshot-" + hexText(index) + "-" + hexText(term)
    }

    /// Runs steps on a new log and returns its files.
    static func make(_ steps: [LogModel.Step]) throws -> LogImage {
        let directory = CrashDirectory()
        try LogStorage.create(in: directory, identity: ownIdentity, options: tiny())
        let (storage, _) = try CrashTests.open(directory)
        for step in steps { try storage.perform(step) }
        return LogImage(files: directory.files)
    }

    static let batches: [LogModel.Step] = (0..<6).map { (batch: UInt64) -> LogModel.Step in
        let first = 4 * batch + 1
        return write(first...first + 3, term: 1, vote: 5, byteCount: 300)
    }

    /// The six batches, then snapshots at 6 and 14, nothing dropped.
    static func whole() throws -> LogImage {
        try make(
            batches + [
                .snapshot(position(6, 1), byteCount: 700),
                .snapshot(position(14, 1), byteCount: 700),
            ]
        )
    }

    func open() throws(LogStorageError) -> RecoveredLog {
        try LogStorage.open(in: CrashDirectory(files: files), identity: identity, options: tiny()).1
    }

    // MARK: - Damage

    mutating func flip(_ name: String, _ offset: Int, bit: Int = 0) {
        files[name]?[offset] ^= 1 << bit
    }

    mutating func zero(_ name: String, _ range: Range<Int>) {
        files[name]?.replaceSubrange(range, with: [UInt8](repeating: 0, count: range.count))
    }

    /// Sets a sealed block's format number, with the checksum that then belongs to it.
    mutating func setFormat(_ format: UInt8, _ name: String, block: Range<Int>) {
        guard var bytes = files[name].map({ Array($0[block]) }) else { return }
        bytes[8] = format
        Self.store(CRC32C.checksum(Array(bytes.dropLast(4))), in: &bytes, at: bytes.count - 4)
        files[name]?.replaceSubrange(block, with: bytes)
    }

    /// Rewrites the header of the last batch's last entry, with every checksum that then belongs.
    mutating func forgeLastEntry(_ change: (inout [UInt8]) -> Void) {
        let (name, recordByteCount, sectors) = (Self.segment(3), 336, 3)
        guard var file = files[name] else { return }
        let start = Self.lastBatch
        var stream: [UInt8] = []
        for sector in 0..<sectors {
            stream += file[start + sector * 512..<start + sector * 512 + 511]
        }
        let length = Int(stream[4]) | Int(stream[5]) << 8
        let record = length - 32 - recordByteCount
        var header = Array(stream[record..<record + 36])
        change(&header)
        let chainBefore = Self.load(stream, at: record - recordByteCount + 28)
        let chain = CRC32C.checksum(Array(header[..<28]), after: chainBefore)
        Self.store(chain, in: &header, at: 28)
        Self.store(CRC32C.checksum(Array(header[..<32])), in: &header, at: 32)
        stream.replaceSubrange(record..<record + 36, with: header)
        Self.store(chain, in: &stream, at: length - 8)
        Self.store(CRC32C.checksum(Array(stream[..<(length - 4)])), in: &stream, at: length - 4)
        for sector in 0..<sectors {
            let content = stream[sector * 511..<sector * 511 + 511]
            file.replaceSubrange(start + sector * 512..<start + sector * 512 + 511, with: content)
        }
        files[name] = file
    }

    private static func load(_ bytes: [UInt8], at offset: Int) -> UInt32 {
        (0..<4).reduce(0) { $0 | UInt32(bytes[offset + $1]) << (8 * $1) }
    }

    private static func store(_ value: UInt32, in bytes: inout [UInt8], at offset: Int) {
        for byte in 0..<4 { bytes[offset + byte] = UInt8(truncatingIfNeeded: value >> (8 * byte)) }
    }
}
