// SPDX-License-Identifier: Apache-2.0

package import Primitives
package import RaftCore

/// What stands in a log, as bytes: positions, entries, the names of snapshots.
extension ByteWriter {
    mutating func write(_ term: Term) { write(term.rawValue) }

    mutating func write(_ index: LogIndex) { write(index.rawValue) }

    mutating func write(_ position: LogPosition) {
        write(position.term)
        write(position.index)
    }
}

extension ByteReader {
    mutating func term() throws(ByteDecodingError) -> Term { Term(try integer()) }

    mutating func logIndex() throws(ByteDecodingError) -> LogIndex { LogIndex(try integer()) }

    mutating func logPosition() throws(ByteDecodingError) -> LogPosition {
        LogPosition(term: try term(), index: try logIndex())
    }
}

extension LogEntry {
    /// Longest payload that is read back, in bytes: the largest proposal.
    package static let payloadByteLimit = 1 << 20

    /// Appends `u64 term, u64 index, u8 kind, u32 length, payload`.
    package func encode(into writer: inout ByteWriter) {
        writer.write(position)
        writer.write(kind.rawValue)
        writer.write(payload)
    }

    package static func decode(from reader: inout ByteReader) throws(ByteDecodingError) -> Self {
        let position = try reader.logPosition()
        let tag = try reader.integer(UInt8.self)
        guard let kind = Kind(rawValue: tag) else {
            throw .invalid(what: "kind of log entry", value: UInt64(tag))
        }
        return LogEntry(
            position: position,
            kind: kind,
            payload: try reader.run(upTo: payloadByteLimit)
        )
    }
}

extension SnapshotMetadata {
    /// Appends `position, voters, u64 length, u32 checksum`.
    package func encode(into writer: inout ByteWriter) {
        writer.write(position)
        voters.encode(into: &writer)
        writer.write(byteCount)
        writer.write(checksum)
    }

    package static func decode(from reader: inout ByteReader) throws(ByteDecodingError) -> Self {
        SnapshotMetadata(
            position: try reader.logPosition(),
            voters: try VoterSet.decode(from: &reader),
            byteCount: try reader.integer(),
            checksum: try reader.integer()
        )
    }
}
