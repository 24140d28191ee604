// SPDX-License-Identifier: Apache-2.0
package import Primitives
package import RaftCore

/// A message between voters as one datagram's packet: from whom, to whom, and what.
///
///     u64 node, u128 store of the sender │ the same of the receiver │ Raft message
///
/// Both are named, because an address may be somebody else's by now. Consensus takes what comes twice,
/// late and out of order.
package struct RaftDatagram: Hashable, Sendable {
    package let sender: Voter
    package let receiver: Voter
    package let message: RaftMessage

    /// Datagrams that one message may become, at most.
    package static let splitLimit = 8

    private init(_ message: RaftMessage, from sender: Voter, to receiver: Voter) {
        self.message = message
        self.sender = sender
        self.receiver = receiver
    }

    /// What of a message goes in datagrams: all of it, but for a batch of entries that is too long for
    /// ``splitLimit`` of them its beginning.
    ///
    /// - Returns: Nothing for a message that is left to the connection: an order, a report, a piece of
    ///   a snapshot, an entry that is too long. And whether the connection may be spared the message: not
    ///   what is cut, nor a vote, which nobody asks for a second time in an election.
    package static func datagrams(
        of message: RaftMessage,
        from sender: Voter,
        to receiver: Voter
    ) -> (datagrams: [RaftDatagram], suffice: Bool) {
        guard message.body.goesBeside else { return ([], false) }
        let parts = message.parts(of: messageByteLimit, atMost: splitLimit)
        let datagrams = parts.messages.map { RaftDatagram($0, from: sender, to: receiver) }
        return (datagrams, parts.isWhole && message.body.isRepeated)
    }

    /// Reads what ``encode()`` wrote.
    ///
    /// - Throws: For what is no Raft message, and for one that no datagram may hold.
    package init(decoding packet: ArraySlice<UInt8>) throws(ByteDecodingError) {
        var reader = ByteReader(packet.prefix(Self.headByteCount))
        sender = try Self.voter(from: &reader)
        receiver = try Self.voter(from: &reader)
        message = try RaftMessageCodec.decode(packet.dropFirst(Self.headByteCount))
        guard message.body.goesBeside else {
            throw .invalid(what: "kind of Raft message in a datagram", value: 0)
        }
    }

    package func encode() -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: DatagramSeal.packetByteLimit)
        for voter in [sender, receiver] {
            writer.write(voter.node.rawValue)
            writer.write(voter.store.rawValue)
        }
        writer.write(raw: RaftMessageCodec.encode(message))
        return writer.bytes
    }

    private static let headByteCount = 48
    private static let messageByteLimit = DatagramSeal.packetByteLimit - headByteCount

    private static func voter(from reader: inout ByteReader) throws(ByteDecodingError) -> Voter {
        Voter(
            node: NodeID(try reader.integer()),
            store: StoreID(try reader.uniqueID())
        )
    }
}

extension RaftMessage.Body {
    /// Whether it is worth little when it comes late, and small but for entries, which can be cut.
    fileprivate var goesBeside: Bool {
        switch self {
        case .voteRequest, .voteReply, .append, .appendReply, .heartbeat, .heartbeatReply,
            .readRequest, .readReply:
            true
        case .snapshotChunk, .snapshotReply, .timeoutNow, .stateReport, .stateVerdict: false
        }
    }

    /// Whether it is sent again until it is answered, or answers what is.
    fileprivate var isRepeated: Bool {
        switch self {
        case .append, .appendReply, .heartbeat, .heartbeatReply, .readRequest, .readReply: true
        case .voteRequest, .voteReply, .snapshotChunk, .snapshotReply, .timeoutNow, .stateReport,
            .stateVerdict:
            false
        }
    }
}

extension RaftMessage {
    /// Bytes of an append beside its entries, and of an entry beside its payload.
    private static var appendByteCount: Int { 39 }
    private static var entryByteCount: Int { 21 }

    /// The message as several, each with as many of its entries as fit and in their order.
    ///
    /// - Returns: Those before the first entry that does not fit, `count` at most, and whether that is
    ///   everything.
    fileprivate func parts(
        of byteLimit: Int,
        atMost count: Int
    ) -> (messages: [RaftMessage], isWhole: Bool) {
        guard case .append(let request) = body, !request.entries.isEmpty else {
            return ([self], true)
        }
        var messages: [RaftMessage] = []
        var previous = request.previous
        var rest = request.entries[...]
        while !rest.isEmpty, messages.count < count {
            var byteCount = Self.appendByteCount
            let fitting = rest.prefix { entry in
                byteCount += Self.entryByteCount + entry.payload.count
                return byteCount <= byteLimit
            }
            guard let last = fitting.last else { break }
            let part = AppendRequest(
                previous: previous,
                entries: Array(fitting),
                commit: request.commit,
                acknowledgement: request.acknowledgement
            )
            messages.append(RaftMessage(term: term, body: .append(part)))
            previous = last.position
            rest = rest.dropFirst(fitting.count)
        }
        return (messages, rest.isEmpty)
    }
}
