// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// What a source says of itself at least every ``interval``, in the feed.
///
/// What its followers could else only learn by asking the voters one by one: how old it is, who leads,
/// which voters answer.
package struct FeedBeacon: Sendable, Hashable {
    /// Longest pause between two beacons, in milliseconds.
    package static let intervalMS: UInt64 = 500
    /// Sources on the way from a voter at most.
    package static let longestPath = 8
    /// Voters told of at most: two sets of seven.
    private static let mostVoters = 14

    /// Everything up to here was sent.
    package let index: LogIndex
    /// What the source's monotonic clock reads, in milliseconds since any moment.
    package let clockMS: UInt64
    /// What `age` speaks of: a follower that holds everything up to here is as complete as the source.
    package let covers: LogIndex
    /// The source was complete up to `covers` this long ago; `nil`: it does not know.
    package let age: Timespan?
    /// The source, its source, and so on to the voter; a follower that finds itself here has to leave.
    package let path: [NodeID]
    package let term: Term
    /// Who leads, as far as the source knows.
    package let leader: NodeID?
    package let voters: [VoterWord]

    /// Describes a source; what exceeds a bound is left out.
    package init(
        index: LogIndex,
        clockMS: UInt64,
        covers: LogIndex,
        age: Timespan?,
        path: [NodeID],
        term: Term,
        leader: NodeID?,
        voters: [VoterWord]
    ) {
        self.index = index
        self.clockMS = clockMS
        self.covers = covers
        self.age = age
        self.path = Array(path.prefix(Self.longestPath))
        self.term = term
        self.leader = leader
        self.voters = Array(voters.prefix(Self.mostVoters))
    }

    /// Whether it is time to send this one: half a second has passed since the last, or what is said of
    /// the voters or of the way to them has changed.
    package func isDue(after last: Self?, sentAtMS: UInt64, nowMS: UInt64) -> Bool {
        guard let last, nowMS - min(nowMS, sentAtMS) < Self.intervalMS - 10 else { return true }
        return term != last.term || leader != last.leader || path != last.path
            || voters.map(\.node) != last.voters.map(\.node)
            || voters.map(\.answers) != last.voters.map(\.answers)
    }

    func write(to writer: inout ByteWriter) {
        writer.write(index.rawValue)
        writer.write(clockMS)
        writer.write(covers.rawValue)
        writer.write(optional: age) { $0.write($1.milliseconds) }
        writer.write(list: path) { $0.write($1.rawValue) }
        writer.write(term.rawValue)
        writer.write(leader?.rawValue ?? 0)
        writer.write(list: voters) { $1.write(to: &$0) }
    }

    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        self.init(
            index: try reader.logIndex(),
            clockMS: try reader.milliseconds(),
            covers: try reader.logIndex(),
            age: try reader.optional { reader throws(ByteDecodingError) in
                Timespan(milliseconds: try reader.milliseconds())
            },
            path: try reader.list { reader throws(ByteDecodingError) in
                NodeID(try reader.integer())
            },
            term: Term(try reader.integer()),
            leader: try reader.optionalNode(),
            voters: try reader.list(VoterWord.init(from:))
        )
    }
}

/// What is said about one voter, by somebody who asks the voters.
package struct VoterWord: Sendable, Hashable {
    package let node: NodeID
    /// It answers now.
    package let answers: Bool
    /// Consensus runs there.
    package let votes: Bool
    /// Its replica holds everything up to here.
    package let index: LogIndex

    package init(node: NodeID, answers: Bool, votes: Bool, index: LogIndex) {
        self.node = node
        self.answers = answers
        self.votes = votes
        self.index = index
    }

    func write(to writer: inout ByteWriter) {
        writer.write(node.rawValue)
        writer.write(answers)
        writer.write(votes)
        writer.write(index.rawValue)
    }

    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        self.init(
            node: NodeID(try reader.integer()),
            answers: try reader.flag(),
            votes: try reader.flag(),
            index: try reader.logIndex()
        )
    }
}

/// What a worker answers that is asked whether it would feed the asker.
package struct FeedOffer: Sendable, Hashable {
    package let hasRoom: Bool
    /// As in ``FeedBeacon``.
    package let clockMS: UInt64
    package let age: Timespan?
    package let path: [NodeID]

    package init(hasRoom: Bool, clockMS: UInt64, age: Timespan?, path: [NodeID]) {
        self.hasRoom = hasRoom
        self.clockMS = clockMS
        self.age = age
        self.path = Array(path.prefix(FeedBeacon.longestPath))
    }

    package func encode() -> [UInt8] {
        var writer = ByteWriter()
        writer.write(UInt8(1))
        writer.write(hasRoom)
        writer.write(clockMS)
        writer.write(optional: age) { $0.write($1.milliseconds) }
        writer.write(list: path) { $0.write($1.rawValue) }
        return writer.bytes
    }

    package init(decoding bytes: [UInt8]) throws(ByteDecodingError) {
        var reader = ByteReader(bytes)
        try reader.version(of: "feed offer", newest: 1)
        self.init(
            hasRoom: try reader.flag(),
            clockMS: try reader.milliseconds(),
            age: try reader.optional { reader throws(ByteDecodingError) in
                Timespan(milliseconds: try reader.milliseconds())
            },
            path: try reader.list { reader throws(ByteDecodingError) in
                NodeID(try reader.integer())
            }
        )
        try reader.finish()
    }
}

/// Whom a server that is full sends a follower to, as the failure's body.
package enum FeedReferral {
    package static func encode(_ others: [NodeID]) -> [UInt8] {
        var writer = ByteWriter()
        writer.write(list: others) { $0.write($1.rawValue) }
        return writer.bytes
    }

    /// Nobody where the bytes say nothing that can be read.
    package static func decode(_ bytes: [UInt8]) -> [NodeID] {
        var reader = ByteReader(bytes)
        let others = try? reader.list { reader throws(ByteDecodingError) in
            NodeID(try reader.integer())
        }
        return Array((others ?? []).prefix(FeedAdmission.mostNamed))
    }
}

extension ByteReader {
    /// Reads the version byte that a message begins with.
    mutating func version(
        of what: StaticStringBox,
        newest: UInt8
    ) throws(ByteDecodingError) {
        let found = try integer(UInt8.self)
        guard (1...newest).contains(found) else {
            throw .unsupportedVersion(of: what, found: UInt64(found), newest: UInt64(newest))
        }
    }

    /// Reads a time that leaves room for arithmetic.
    ///
    /// - Throws: ``ByteDecodingError`` for 2^60 milliseconds or more.
    package mutating func milliseconds() throws(ByteDecodingError) -> UInt64 {
        let number = try integer(UInt64.self)
        guard number < 1 << 60 else { throw .invalid(what: "milliseconds", value: number) }
        return number
    }

    /// Reads a node's id, 0 for none.
    mutating func optionalNode() throws(ByteDecodingError) -> NodeID? {
        let number = try integer(UInt64.self)
        return number == 0 ? nil : NodeID(number)
    }
}
