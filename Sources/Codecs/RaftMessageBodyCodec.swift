// SPDX-License-Identifier: Apache-2.0

import Primitives
import RaftCore

// The fields of each kind of message, in the order in which they are declared.

extension VoteRequest.Kind {
    fileprivate static func decode(
        from reader: inout ByteReader
    ) throws(ByteDecodingError) -> Self {
        let tag = try reader.integer(UInt8.self)
        guard let kind = Self(rawValue: tag) else {
            throw .invalid(what: "kind of vote", value: UInt64(tag))
        }
        return kind
    }
}

extension VoteRequest {
    func encode(into writer: inout ByteWriter) {
        writer.write(kind.rawValue)
        writer.write(campaign)
        writer.write(lastLog)
    }

    static func decode(from reader: inout ByteReader) throws(ByteDecodingError) -> Self {
        VoteRequest(
            kind: try .decode(from: &reader),
            campaign: try reader.term(),
            lastLog: try reader.logPosition()
        )
    }
}

extension VoteReply {
    func encode(into writer: inout ByteWriter) {
        writer.write(kind.rawValue)
        writer.write(campaign)
        writer.write(granted)
    }

    static func decode(from reader: inout ByteReader) throws(ByteDecodingError) -> Self {
        VoteReply(
            kind: try .decode(from: &reader),
            campaign: try reader.term(),
            granted: try reader.flag()
        )
    }
}

extension AppendRequest.Acknowledgement {
    fileprivate static func decode(
        from reader: inout ByteReader
    ) throws(ByteDecodingError) -> Self {
        let tag = try reader.integer(UInt8.self)
        guard let wish = Self(rawValue: tag) else {
            throw .invalid(what: "acknowledgement of an append", value: UInt64(tag))
        }
        return wish
    }
}

extension AppendRequest {
    func encode(into writer: inout ByteWriter) {
        writer.write(previous)
        writer.write(list: entries) { writer, entry in entry.encode(into: &writer) }
        writer.write(commit)
        writer.write(acknowledgement.rawValue)
    }

    static func decode(from reader: inout ByteReader) throws(ByteDecodingError) -> Self {
        AppendRequest(
            previous: try reader.logPosition(),
            entries: try reader.list { (reader) throws(ByteDecodingError) in
                try LogEntry.decode(from: &reader)
            },
            commit: try reader.logIndex(),
            acknowledgement: try .decode(from: &reader)
        )
    }
}

extension AppendReply {
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .accepted(let index):
            writer.write(true)
            writer.write(index)
        case .rejected(let previous, let hint):
            writer.write(false)
            writer.write(previous)
            writer.write(hint)
        }
    }

    static func decode(from reader: inout ByteReader) throws(ByteDecodingError) -> Self {
        if try reader.flag() { return .accepted(try reader.logIndex()) }
        return .rejected(previous: try reader.logIndex(), hint: try reader.logPosition())
    }
}

extension Heartbeat {
    func encode(into writer: inout ByteWriter) {
        writer.write(round)
        writer.write(commit)
        writer.write(leaderCommit)
        writer.write(quorumAge)
        writer.write(echo)
    }

    static func decode(from reader: inout ByteReader) throws(ByteDecodingError) -> Self {
        Heartbeat(
            round: try reader.integer(),
            commit: try reader.logIndex(),
            leaderCommit: try reader.logIndex(),
            quorumAge: try reader.integer(),
            echo: try reader.integer()
        )
    }
}

extension HeartbeatReply {
    func encode(into writer: inout ByteWriter) {
        writer.write(round)
        writer.write(stamp)
    }

    static func decode(from reader: inout ByteReader) throws(ByteDecodingError) -> Self {
        HeartbeatReply(round: try reader.integer(), stamp: try reader.integer())
    }
}

extension ReadReply {
    func encode(into writer: inout ByteWriter) {
        writer.write(nonce)
        switch outcome {
        case .ready(let index):
            writer.write(UInt8(0))
            writer.write(index)
        case .notLeader: writer.write(UInt8(1))
        case .overloaded: writer.write(UInt8(2))
        case .noQuorum: writer.write(UInt8(3))
        case .leadershipLost: writer.write(UInt8(4))
        }
    }

    static func decode(from reader: inout ByteReader) throws(ByteDecodingError) -> Self {
        let nonce = try reader.integer(UInt64.self)
        let tag = try reader.integer(UInt8.self)
        switch tag {
        case 0: return ReadReply(nonce: nonce, outcome: .ready(try reader.logIndex()))
        case 1: return ReadReply(nonce: nonce, outcome: .notLeader)
        case 2: return ReadReply(nonce: nonce, outcome: .overloaded)
        case 3: return ReadReply(nonce: nonce, outcome: .noQuorum)
        case 4: return ReadReply(nonce: nonce, outcome: .leadershipLost)
        default: throw .invalid(what: "outcome of a read", value: UInt64(tag))
        }
    }
}

extension SnapshotChunk {
    func encode(into writer: inout ByteWriter) {
        metadata.encode(into: &writer)
        writer.write(offset)
        writer.write(bytes)
    }

    static func decode(from reader: inout ByteReader) throws(ByteDecodingError) -> Self {
        SnapshotChunk(
            metadata: try .decode(from: &reader),
            offset: try reader.integer(),
            bytes: try reader.run()
        )
    }
}

extension SnapshotReply {
    func encode(into writer: inout ByteWriter) {
        switch self {
        case .installed(let index):
            writer.write(true)
            writer.write(index)
        case .next(let position, let offset):
            writer.write(false)
            writer.write(position)
            writer.write(offset)
        }
    }

    static func decode(from reader: inout ByteReader) throws(ByteDecodingError) -> Self {
        if try reader.flag() { return .installed(try reader.logIndex()) }
        return .next(position: try reader.logPosition(), offset: try reader.integer())
    }
}

extension StateDigest {
    func encode(into writer: inout ByteWriter) {
        writer.write(index)
        writer.write(value)
    }

    static func decode(from reader: inout ByteReader) throws(ByteDecodingError) -> Self {
        StateDigest(index: try reader.logIndex(), value: try reader.integer())
    }
}

extension StateVerdict {
    func encode(into writer: inout ByteWriter) {
        writer.write(index)
        writer.write(agreed != nil)
        if let agreed { writer.write(agreed) }
    }

    static func decode(from reader: inout ByteReader) throws(ByteDecodingError) -> Self {
        let index = try reader.logIndex()
        return StateVerdict(index: index, agreed: try reader.flag() ? try reader.integer() : nil)
    }
}
