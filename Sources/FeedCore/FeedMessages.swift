// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// Where a follower of the feed wants to go on.
package struct FeedRequest: Sendable, Hashable {
    /// The last index its replica holds; 0 = it has nothing.
    package let after: LogIndex

    package init(after: LogIndex) { self.after = after }

    package func encode() -> [UInt8] {
        var writer = ByteWriter()
        writer.write(UInt8(1))
        writer.write(after.rawValue)
        return writer.bytes
    }

    package init(decoding bytes: [UInt8]) throws(ByteDecodingError) {
        var reader = ByteReader(bytes)
        try reader.version(of: "feed request", newest: 1)
        after = try reader.logIndex()
        try reader.finish()
    }
}

extension ByteReader {
    /// Reads an index that leaves room for arithmetic: no log ever gets so far.
    ///
    /// - Throws: ``ByteDecodingError`` for one of 2^62 or more.
    package mutating func logIndex() throws(ByteDecodingError) -> LogIndex {
        let number = try integer(UInt64.self)
        guard number < 1 << 62 else { throw .invalid(what: "log index", value: number) }
        return LogIndex(number)
    }
}

/// One item of the feed: a snapshot in pieces, or commands in order.
package enum FeedItem: Sendable, Hashable {
    /// A snapshot of everything up to `index` follows, in pieces.
    case snapshot(index: LogIndex, byteCount: UInt64, checksum: UInt32)
    case piece([UInt8])
    /// Commands behind what was sent so far, in log order.
    case commands([AppliedCommand])
    /// Everything up to this index was sent; entries that are no command count too.
    case complete(LogIndex)
    /// How the source is; says what `complete` says, too.
    case beacon(FeedBeacon)

    package func encode() -> [UInt8] {
        var writer = ByteWriter()
        switch self {
        case .snapshot(let index, let byteCount, let checksum):
            writer.write(UInt8(1))
            writer.write(index.rawValue)
            writer.write(byteCount)
            writer.write(checksum)
        case .piece(let bytes):
            writer.write(UInt8(2))
            writer.write(bytes)
        case .commands(let commands):
            writer.write(UInt8(3))
            writer.write(list: commands) { writer, command in
                writer.write(command.index.rawValue)
                writer.write(command.payload)
            }
        case .complete(let index):
            writer.write(UInt8(4))
            writer.write(index.rawValue)
        case .beacon(let beacon):
            writer.write(UInt8(5))
            beacon.write(to: &writer)
        }
        return writer.bytes
    }

    package init(decoding bytes: [UInt8]) throws(ByteDecodingError) {
        var reader = ByteReader(bytes)
        let tag = try reader.integer(UInt8.self)
        switch tag {
        case 1:
            self = .snapshot(
                index: try reader.logIndex(),
                byteCount: try reader.integer(),
                checksum: try reader.integer()
            )
        case 2: self = .piece(try reader.run())
        case 3:
            self = .commands(
                try reader.list { reader throws(ByteDecodingError) in
                    AppliedCommand(
                        index: try reader.logIndex(),
                        payload: try reader.run()
                    )
                }
            )
        case 4: self = .complete(try reader.logIndex())
        case 5: self = .beacon(try FeedBeacon(from: &reader))
        default: throw .invalid(what: "feed item", value: UInt64(tag))
        }
        try reader.finish()
    }
}
