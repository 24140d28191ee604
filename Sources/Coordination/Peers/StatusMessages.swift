// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
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
    /// What is wrong with its copy of the catalog; only a voter knows.
    package var trouble: StateTrouble?

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
        trouble: StateTrouble? = nil
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
        self.trouble = trouble
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
        if let trouble {
            writer.write(trouble.kind.rawValue)
            writer.write(trouble.index.rawValue)
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
        index = LogIndex(try reader.integer())
        revision = Revision(try reader.integer())
        age = try reader.optional { reader throws(ByteDecodingError) in
            Timespan(milliseconds: try reader.integer())
        }
        usedBytes = try reader.integer()
        pages = try reader.integer()
        addresses = WorkerAddresses(
            http: try reader.text(),
            s3: try reader.optional { reader throws(ByteDecodingError) in try reader.text() },
            data: try reader.text(),
            peer: try reader.text(),
            socket: try reader.optional { reader throws(ByteDecodingError) in try reader.text() }
        )
        // Where nothing is wrong, it ends here, as in former releases.
        guard reader.byteCountLeft > 0 else {
            trouble = nil
            return
        }
        let kind = StateTrouble.Kind(rawValue: try reader.integer(UInt8.self))
        let troubleIndex = LogIndex(try reader.integer())
        trouble = kind.map { StateTrouble(kind: $0, index: troubleIndex) }
    }
}

extension ByteReader {
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
