// SPDX-License-Identifier: Apache-2.0

package import Primitives
package import RaftCore

/// Raft messages as bytes.
///
///     u8 version = 1 │ u8 kind │ u64 term │ body
///
/// Little-endian throughout. Frames, lengths and checksums are the transport's business; the bytes
/// are not trusted all the same.
package enum RaftMessageCodec {
    private static let version: UInt8 = 1

    /// Longest message that ``encode(_:)`` writes for a core within its bounds, in bytes.
    ///
    /// One snapshot chunk or one batch of entries, 1 MiB each, and what surrounds them.
    package static let messageByteLimit = (1 << 20) + (64 << 10)

    /// Numbers on the wire, never to be given another meaning.
    enum Kind: UInt8, CaseIterable {
        case voteRequest = 1
        case voteReply = 2
        case append = 3
        case appendReply = 4
        case heartbeat = 5
        case heartbeatReply = 6
        case readRequest = 7
        case readReply = 8
        case snapshotChunk = 9
        case snapshotReply = 10
        case timeoutNow = 11
        case stateReport = 12
        case stateVerdict = 13
    }

    package static func encode(_ message: RaftMessage) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 64)
        writer.write(version)
        writer.write(message.body.kind.rawValue)
        writer.write(message.term)
        message.body.encode(into: &writer)
        return writer.bytes
    }

    /// Reads what ``encode(_:)`` wrote.
    ///
    /// - Throws: For another version, an unknown kind, numbers out of range, and bytes missing or
    ///   left over. Never traps, never allocates more than a small multiple of the input.
    package static func decode(
        _ bytes: ArraySlice<UInt8>
    ) throws(ByteDecodingError) -> RaftMessage {
        guard bytes.count <= messageByteLimit else {
            throw .invalid(what: "length of a Raft message", value: UInt64(bytes.count))
        }
        var reader = ByteReader(bytes)
        let found = try reader.integer(UInt8.self)
        guard found == version else {
            throw .unsupportedVersion(of: "Raft message", found: UInt64(found), newest: 1)
        }
        let tag = try reader.integer(UInt8.self)
        guard let kind = Kind(rawValue: tag) else {
            throw .invalid(what: "kind of Raft message", value: UInt64(tag))
        }
        let term = try reader.term()
        let body = try RaftMessage.Body.decode(kind, from: &reader)
        try reader.finish()
        return RaftMessage(term: term, body: body)
    }

    package static func decode(_ bytes: [UInt8]) throws(ByteDecodingError) -> RaftMessage {
        try decode(bytes[...])
    }
}

// MARK: - One arm a kind

extension RaftMessage.Body {
    fileprivate var kind: RaftMessageCodec.Kind {
        switch self {
        case .voteRequest: .voteRequest
        case .voteReply: .voteReply
        case .append: .append
        case .appendReply: .appendReply
        case .heartbeat: .heartbeat
        case .heartbeatReply: .heartbeatReply
        case .readRequest: .readRequest
        case .readReply: .readReply
        case .snapshotChunk: .snapshotChunk
        case .snapshotReply: .snapshotReply
        case .timeoutNow: .timeoutNow
        case .stateReport: .stateReport
        case .stateVerdict: .stateVerdict
        }
    }

    fileprivate func encode(into writer: inout ByteWriter) {
        switch self {
        case .voteRequest(let body): body.encode(into: &writer)
        case .voteReply(let body): body.encode(into: &writer)
        case .append(let body): body.encode(into: &writer)
        case .appendReply(let body): body.encode(into: &writer)
        case .heartbeat(let body): body.encode(into: &writer)
        case .heartbeatReply(let body): body.encode(into: &writer)
        case .readRequest(let body): writer.write(body.nonce)
        case .readReply(let body): body.encode(into: &writer)
        case .snapshotChunk(let body): body.encode(into: &writer)
        case .snapshotReply(let body): body.encode(into: &writer)
        case .timeoutNow(let body): writer.write(body.lastIndex)
        case .stateReport(let body): body.encode(into: &writer)
        case .stateVerdict(let body): body.encode(into: &writer)
        }
    }

    fileprivate static func decode(
        _ kind: RaftMessageCodec.Kind,
        from reader: inout ByteReader
    ) throws(ByteDecodingError) -> Self {
        switch kind {
        case .voteRequest: .voteRequest(try .decode(from: &reader))
        case .voteReply: .voteReply(try .decode(from: &reader))
        case .append: .append(try .decode(from: &reader))
        case .appendReply: .appendReply(try .decode(from: &reader))
        case .heartbeat: .heartbeat(try .decode(from: &reader))
        case .heartbeatReply: .heartbeatReply(try .decode(from: &reader))
        case .readRequest: .readRequest(ReadRequest(nonce: try reader.integer()))
        case .readReply: .readReply(try .decode(from: &reader))
        case .snapshotChunk: .snapshotChunk(try .decode(from: &reader))
        case .snapshotReply: .snapshotReply(try .decode(from: &reader))
        case .timeoutNow: .timeoutNow(TimeoutNow(lastIndex: try reader.logIndex()))
        case .stateReport: .stateReport(try .decode(from: &reader))
        case .stateVerdict: .stateVerdict(try .decode(from: &reader))
        }
    }
}
