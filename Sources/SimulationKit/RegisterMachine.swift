// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// The replicated state of a simulated world: eight registers and a digest of how they came about.
struct RegisterMachine: Sendable, Equatable {
    static let keyCount = 8

    private(set) var applied = LogIndex.zero
    /// For each key the index of the entry that wrote it last; 0 for none.
    private(set) var versions = [UInt64](repeating: 0, count: keyCount)
    /// For each key the operation that wrote it last; 0 for none.
    private(set) var values = [UInt64](repeating: 0, count: keyCount)
    /// Over every entry applied so far, in order: equal histories, equal digests.
    private(set) var digest: UInt64 = 0

    mutating func apply(_ entry: LogEntry) {
        applied = entry.index
        var writer = ByteWriter()
        writer.write(digest)
        writer.write(entry.index.rawValue)
        writer.write(entry.term.rawValue)
        writer.write(entry.payload)
        digest = XXH64.hash(writer.bytes)
        if let command = RegisterCommand(entry) {
            versions[command.key] = entry.index.rawValue
            values[command.key] = command.operation
        }
    }

    // MARK: - Snapshots

    func encode(paddingBytes: Int) -> [UInt8] {
        var writer = ByteWriter()
        writer.write(applied.rawValue)
        for key in 0..<Self.keyCount {
            writer.write(versions[key])
            writer.write(values[key])
        }
        writer.write(digest)
        writer.write(raw: repeatElement(UInt8(truncatingIfNeeded: digest), count: paddingBytes))
        return writer.bytes
    }

    init() {}

    init(decoding bytes: [UInt8]) throws(ByteDecodingError) {
        var reader = ByteReader(bytes)
        applied = LogIndex(try reader.integer())
        for key in 0..<Self.keyCount {
            versions[key] = try reader.integer()
            values[key] = try reader.integer()
        }
        digest = try reader.integer()
    }
}

/// One write: `u64 operation, u8 key`, then filler.
struct RegisterCommand: Sendable, Equatable {
    let operation: UInt64
    let key: Int

    init(operation: UInt64, key: Int) {
        self.operation = operation
        self.key = key
    }

    /// The command in an entry; `nil` for entries of other kinds.
    init?(_ entry: LogEntry) {
        guard entry.kind == .command else { return nil }
        var reader = ByteReader(entry.payload)
        guard let operation = try? reader.integer(UInt64.self),
            let key = try? reader.integer(UInt8.self)
        else { return nil }
        self.init(operation: operation, key: Int(key) % RegisterMachine.keyCount)
    }

    var payload: [UInt8] {
        var writer = ByteWriter()
        writer.write(operation)
        writer.write(UInt8(key))
        writer.write(raw: repeatElement(0xA5, count: Int(operation % 40)))
        return writer.bytes
    }
}
