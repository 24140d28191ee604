// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

/// The replicated state of a simulated world: registers, what each client asked for last, and a
/// digest of how they came about.
struct RegisterMachine: Sendable, Equatable {
    /// What one entry did.
    enum Outcome: Sendable, Equatable {
        /// No command.
        case nothing
        case written
        case mismatch(version: UInt64)
        /// The client's last command once more: what it did the first time.
        case repeated(RegisterSession)
        /// Older than the client's last command: nothing happens.
        case late
    }

    static let keyCount = 16
    static let clientCount = 24

    private(set) var applied = LogIndex.zero
    /// For each key the index of the entry that wrote it last; 0 for none.
    private(set) var versions = [UInt64](repeating: 0, count: keyCount)
    /// For each key the operation that wrote it last; 0 for none.
    private(set) var values = [UInt64](repeating: 0, count: keyCount)
    private(set) var sessions = [RegisterSession](
        repeating: RegisterSession(),
        count: clientCount
    )
    /// Over every entry applied so far, in order: equal histories, equal digests.
    private(set) var digest: UInt64 = 0

    @discardableResult mutating func apply(_ entry: LogEntry) -> Outcome {
        applied = entry.index
        mix(entry.index.rawValue)
        mix(entry.term.rawValue)
        guard let command = RegisterCommand(entry) else {
            mix(XXH64.hash(entry.payload))
            return .nothing
        }
        mix(command.operation)
        return apply(command, at: entry.index)
    }

    private mutating func apply(_ command: RegisterCommand, at index: LogIndex) -> Outcome {
        let last = sessions[command.client]
        if command.sequence == last.sequence { return .repeated(last) }
        if command.sequence < last.sequence { return .late }
        let version = versions[command.key]
        var session = RegisterSession(sequence: command.sequence, index: index, mismatch: nil)
        if let expected = command.expected, expected != version {
            session.mismatch = version
        } else {
            versions[command.key] = index.rawValue
            values[command.key] = command.operation
        }
        sessions[command.client] = session
        return session.mismatch.map(Outcome.mismatch) ?? .written
    }

    private mutating func mix(_ word: UInt64) {
        digest = (digest ^ word) &* 0x9E37_79B9_7F4A_7C15
        digest ^= digest >> 29
    }

    // MARK: - Snapshots

    func encode(paddingBytes: Int) -> [UInt8] {
        var writer = ByteWriter()
        writer.write(applied.rawValue)
        for key in 0..<Self.keyCount {
            writer.write(versions[key])
            writer.write(values[key])
        }
        for session in sessions {
            writer.write(session.sequence)
            writer.write(session.index.rawValue)
            writer.write(session.mismatch ?? .max)
        }
        writer.write(digest)
        writer.write(
            raw: [UInt8](repeating: UInt8(truncatingIfNeeded: digest), count: paddingBytes)
        )
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
        for client in 0..<Self.clientCount {
            let sequence = try reader.integer(UInt32.self)
            let index = LogIndex(try reader.integer())
            let mismatch = try reader.integer(UInt64.self)
            sessions[client] = RegisterSession(
                sequence: sequence,
                index: index,
                mismatch: mismatch == .max ? nil : mismatch
            )
        }
        digest = try reader.integer()
    }
}

/// What a client's last command did.
struct RegisterSession: Sendable, Equatable {
    var sequence: UInt32 = 0
    /// Where it stands in the log.
    var index = LogIndex.zero
    /// For a swap that did not happen, the version it found.
    var mismatch: UInt64?
}

/// One write: `u64 operation, u8 key, u8 client, u32 sequence, u64 expected version`, then filler.
struct RegisterCommand: Sendable, Equatable {
    let operation: UInt64
    let key: Int
    let client: Int
    let sequence: UInt32
    /// The version that the key must have; `nil` for any.
    let expected: UInt64?

    init(operation: UInt64, key: Int, client: Int, sequence: UInt32, expected: UInt64?) {
        self.operation = operation
        self.key = key
        self.client = client
        self.sequence = sequence
        self.expected = expected
    }

    /// The command in an entry; `nil` for entries of other kinds.
    init?(_ entry: LogEntry) {
        guard entry.kind == .command else { return nil }
        var reader = ByteReader(entry.payload)
        guard let operation = try? reader.integer(UInt64.self),
            let key = try? reader.integer(UInt8.self),
            let client = try? reader.integer(UInt8.self),
            let sequence = try? reader.integer(UInt32.self),
            let expected = try? reader.integer(UInt64.self),
            Int(client) < RegisterMachine.clientCount, Int(key) < RegisterMachine.keyCount
        else { return nil }
        self.init(
            operation: operation,
            key: Int(key),
            client: Int(client),
            sequence: sequence,
            expected: expected == .max ? nil : expected
        )
    }

    private static let filler = [UInt8](repeating: 0xA5, count: 40)

    var payload: [UInt8] {
        var writer = ByteWriter(reservingCapacity: 64)
        writer.write(operation)
        writer.write(UInt8(key))
        writer.write(UInt8(client))
        writer.write(sequence)
        writer.write(expected ?? .max)
        writer.write(raw: Self.filler[..<Int(operation % 40)])
        return writer.bytes
    }
}
