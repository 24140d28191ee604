// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
import FeedCore
package import Primitives

/// Who asks for a status: lets the asked worker learn where the asker listens now.
package struct StatusRequest: Sendable, Hashable {
    /// The asker's own peer address, `host:port`.
    package let peerAddress: String

    package init(peerAddress: String) { self.peerAddress = peerAddress }

    package func encode() -> [UInt8] {
        var writer = ByteWriter()
        writer.write(UInt8(1))
        writer.write(peerAddress)
        return writer.bytes
    }

    package init(decoding bytes: [UInt8]) throws(ByteDecodingError) {
        var reader = ByteReader(bytes)
        try reader.version(of: "status request", newest: 1)
        peerAddress = try reader.text()
    }
}

/// What a worker says of itself and of its replica.
package struct StatusReply: Sendable, Hashable {
    package let node: NodeID
    package let isVoter: Bool
    package let isLeader: Bool
    package let term: Term
    /// Whom it takes for the leader.
    package let leader: NodeID?
    /// Its replica holds everything up to here; for a leader, what is committed.
    package let index: LogIndex
    package let revision: Revision
    /// The replica was complete up to `index` this long ago; `nil` = unknown.
    package let age: Timespan?
    package let usedBytes: UInt64
    package let pages: UInt64
    /// Where it listens now.
    package let addresses: WorkerAddresses
    /// What it needs a person for; behind everything else, and left out where there is nothing, so that
    /// releases that know of none read the rest.
    package let alarms: [Alarm]
    /// How far it is to the other voters, where consensus runs; behind the alarms, for the same reason.
    package let roundTrips: [RoundTripWord]

    package init(
        node: NodeID,
        isVoter: Bool,
        isLeader: Bool,
        term: Term,
        leader: NodeID?,
        index: LogIndex,
        revision: Revision,
        age: Timespan?,
        usedBytes: UInt64,
        pages: UInt64,
        addresses: WorkerAddresses,
        alarms: [Alarm] = [],
        roundTrips: [RoundTripWord] = []
    ) {
        self.node = node
        self.isVoter = isVoter
        self.isLeader = isLeader
        self.term = term
        self.leader = leader
        self.index = index
        self.revision = revision
        self.age = age
        self.usedBytes = usedBytes
        self.pages = pages
        self.addresses = addresses
        self.alarms = Array(alarms.prefix(Alarm.mostTold))
        self.roundTrips = Array(roundTrips.prefix(RoundTripWord.mostTold))
    }

    package func encode() -> [UInt8] {
        var writer = ByteWriter()
        writer.write(UInt8(1))
        writer.write(node.rawValue)
        writer.write(isVoter)
        writer.write(isLeader)
        writer.write(term.rawValue)
        writer.write(leader?.rawValue ?? 0)
        writer.write(index.rawValue)
        writer.write(revision.rawValue)
        writer.write(optional: age) { $0.write($1.milliseconds) }
        writer.write(usedBytes)
        writer.write(pages)
        writer.write(addresses.http)
        writer.write(optional: addresses.s3) { $0.write($1) }
        writer.write(addresses.data)
        writer.write(addresses.peer)
        writer.write(optional: addresses.socket) { $0.write($1) }
        if !alarms.isEmpty || !roundTrips.isEmpty {
            writer.write(list: alarms) { $1.encode(into: &$0) }
        }
        if !roundTrips.isEmpty {
            writer.write(list: roundTrips) { $1.encode(into: &$0) }
        }
        return writer.bytes
    }

    package init(decoding bytes: [UInt8]) throws(ByteDecodingError) {
        var reader = ByteReader(bytes)
        try reader.version(of: "status reply", newest: 1)
        node = NodeID(try reader.integer())
        isVoter = try reader.flag()
        isLeader = try reader.flag()
        term = Term(try reader.integer())
        let leader = try reader.integer(UInt64.self)
        self.leader = leader == 0 ? nil : NodeID(leader)
        index = try reader.logIndex()
        revision = Revision(try reader.integer())
        age = try reader.optional { reader throws(ByteDecodingError) in
            Timespan(milliseconds: try reader.milliseconds())
        }
        usedBytes = try reader.amount()
        pages = try reader.amount()
        addresses = WorkerAddresses(
            http: try reader.text(),
            s3: try reader.optional { reader throws(ByteDecodingError) in try reader.text() },
            data: try reader.text(),
            peer: try reader.text(),
            socket: try reader.optional { reader throws(ByteDecodingError) in try reader.text() }
        )
        let hasAlarms = reader.byteCountLeft > 0
        let told =
            hasAlarms
            ? try reader.list { reader throws(ByteDecodingError) in try Alarm(from: &reader) } : []
        alarms = Array(told.prefix(Alarm.mostTold))
        let hasRoundTrips = reader.byteCountLeft > 0
        let measured =
            hasRoundTrips
            ? try reader.list { reader throws(ByteDecodingError) in
                try RoundTripWord(from: &reader)
            } : []
        roundTrips = Array(measured.prefix(RoundTripWord.mostTold))
    }
}

/// How far it is to a voter: the shortest way there and back within some seconds.
package struct RoundTripWord: Sendable, Hashable {
    /// As many as may vote.
    static let mostTold = 64

    package let node: NodeID
    package let milliseconds: UInt32

    package init(node: NodeID, milliseconds: UInt32) {
        self.node = node
        self.milliseconds = milliseconds
    }

    func encode(into writer: inout ByteWriter) {
        writer.write(node.rawValue)
        writer.write(milliseconds)
    }

    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        node = NodeID(try reader.integer())
        milliseconds = try reader.integer()
    }
}

extension ByteReader {
    /// Reads how much a worker holds: no worker holds so much that sums of it would not fit.
    fileprivate mutating func amount() throws(ByteDecodingError) -> UInt64 {
        let number = try integer(UInt64.self)
        guard number <= 1 << 52 else { throw .invalid(what: "amount", value: number) }
        return number
    }

    /// Reads the version byte that every message begins with.
    mutating func version(
        of what: StaticStringBox,
        newest: UInt8
    ) throws(ByteDecodingError) {
        let found = try integer(UInt8.self)
        guard (1...newest).contains(found) else {
            throw .unsupportedVersion(of: what, found: UInt64(found), newest: UInt64(newest))
        }
    }
}
