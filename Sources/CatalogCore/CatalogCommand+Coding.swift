// SPDX-License-Identifier: Apache-2.0

package import Primitives

extension CatalogCommand {
    /// Newest format of an encoded command: its first byte.
    package static let formatVersion: UInt8 = 1

    private enum Tag: UInt8 {
        case genesis = 1
        case register = 2
        case activate = 3
        case putMount = 4
        case removeMount = 5
        case members = 6
        case replace = 7
        case voting = 16
        case putCredential = 20
        case removeCredential = 21
        case worker = 30
        case ring = 31
        case handoff = 32
    }

    /// The payload of the log entry: format, time, idempotency, tag, fields, when it was
    /// made; golden bytes in the tests.
    package func encode() -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: 256)
        writer.write(Self.formatVersion)
        writer.write(elapsedMS)
        writer.write(optional: idempotency) { writer, idempotency in
            writer.write(idempotency.key)
            writer.write(idempotency.fingerprint)
        }
        switch operation {
        case .genesis(let cluster, let workers):
            writer.write(Tag.genesis.rawValue)
            cluster.write(to: &writer)
            writer.write(list: workers) { $1.write(to: &$0) }
        case .register(let registration):
            writer.write(Tag.register.rawValue)
            registration.write(to: &writer)
        case .activate(let id):
            writer.write(Tag.activate.rawValue)
            writer.write(id.rawValue)
        case .putMount(let path, let mount, let precondition):
            writer.write(Tag.putMount.rawValue)
            writer.write(path)
            mount.write(to: &writer)
            precondition.write(to: &writer)
        case .removeMount(let path, let precondition):
            writer.write(Tag.removeMount.rawValue)
            writer.write(path)
            precondition.write(to: &writer)
        case .members(let voters):
            writer.write(Tag.members.rawValue)
            writer.write(list: voters) { $0.write($1.rawValue) }
        case .replace(let registration, let node):
            writer.write(Tag.replace.rawValue)
            registration.write(to: &writer)
            writer.write(node.rawValue)
        case .voting(let change):
            writer.write(Tag.voting.rawValue)
            change.write(to: &writer)
        case .putCredential(let name, let sealed, let precondition):
            writer.write(Tag.putCredential.rawValue)
            writer.write(name)
            sealed.write(to: &writer)
            precondition.write(to: &writer)
        case .removeCredential(let name, let precondition, let removal):
            writer.write(Tag.removeCredential.rawValue)
            writer.write(name)
            precondition.write(to: &writer)
            writer.write(removal.rawValue)
        case .worker(let change):
            writer.write(Tag.worker.rawValue)
            change.write(to: &writer)
        case .ring(let change):
            writer.write(Tag.ring.rawValue)
            change.write(to: &writer)
        case .handoff(let change):
            writer.write(Tag.handoff.rawValue)
            change.write(to: &writer)
        }
        writer.write(madeAtUnixMS)
        return writer.exactBytes  // Kept in the log and for the feed.
    }

    /// An encoded command with this time in it; bytes that are none as they are.
    package static func stamped(_ encoded: [UInt8], elapsedMS: UInt64) -> [UInt8] {
        let place = 1..<1 + MemoryLayout<UInt64>.size
        guard encoded.count > place.upperBound, encoded[0] == formatVersion else { return encoded }
        var writer = ByteWriter()
        writer.write(elapsedMS)
        var stamped = encoded
        stamped.replaceSubrange(place, with: writer.bytes)
        return stamped
    }

    /// Whether an encoded command is about who belongs to the cluster, by its tag alone.
    ///
    /// One with an idempotency key is not taken for one: nobody makes such.
    package static func isAboutMembers(_ encoded: [UInt8]) -> Bool {
        let (flag, tag) = (1 + MemoryLayout<UInt64>.size, 2 + MemoryLayout<UInt64>.size)
        guard encoded.count > tag, encoded[0] == formatVersion, encoded[flag] == 0 else {
            return false
        }
        return switch Tag(rawValue: encoded[tag]) {
        case .register, .members, .replace, .worker: true
        case .genesis, .activate, .putMount, .removeMount, .voting, .putCredential,
            .removeCredential, .ring, .handoff, nil:
            false
        }
    }

    /// Reads what ``encode()`` wrote, from bytes that nobody vouches for.
    ///
    /// - Throws: ``ByteDecodingError``, `.unsupportedVersion` for a newer format.
    package init(decoding bytes: [UInt8]) throws(ByteDecodingError) {
        var reader = ByteReader(bytes)
        try reader.version(of: "catalog command", newest: UInt64(Self.formatVersion))
        let elapsedMS = try reader.counter("elapsed time")
        let idempotency = try reader.optional { (reader) throws(ByteDecodingError) in
            Idempotency(key: try reader.text(), fingerprint: try reader.integer())
        }
        let operation = try Self.operation(from: &reader)
        let madeAtUnixMS = try reader.integer(UInt64.self)
        try reader.finish()
        self.init(
            operation: operation,
            idempotency: idempotency,
            elapsedMS: elapsedMS,
            madeAtUnixMS: madeAtUnixMS
        )
    }

    private static func operation(
        from reader: inout ByteReader
    ) throws(ByteDecodingError) -> Operation {
        let tag: Tag = try reader.tag("catalog command")
        switch tag {
        case .genesis:
            return .genesis(
                try ClusterEntry(from: &reader),
                try reader.list(WorkerRegistration.init(from:))
            )
        case .register: return .register(try WorkerRegistration(from: &reader))
        case .activate: return .activate(NodeID(try reader.counter("node id")))
        case .putMount:
            return .putMount(
                path: try reader.byteString(),
                try Mount(from: &reader),
                try Precondition(from: &reader)
            )
        case .removeMount:
            return .removeMount(
                path: try reader.byteString(),
                try Precondition(from: &reader)
            )
        case .members:
            return .members(
                voters: try reader.list { (reader) throws(ByteDecodingError) in
                    NodeID(try reader.counter("node id"))
                }
            )
        case .replace:
            return .replace(
                try WorkerRegistration(from: &reader),
                retiring: NodeID(try reader.counter("node id"))
            )
        case .voting: return .voting(try VotingChange(from: &reader))
        case .putCredential:
            return .putCredential(
                name: try reader.text(),
                try SealedCredential(from: &reader),
                try Precondition(from: &reader)
            )
        case .removeCredential:
            return .removeCredential(
                name: try reader.text(),
                try Precondition(from: &reader),
                try reader.tag("removal of a credential")
            )
        case .worker: return .worker(try WorkerChange(from: &reader))
        case .ring: return .ring(try RingChange(from: &reader))
        case .handoff: return .handoff(try HandoffChange(from: &reader))
        }
    }
}

extension VotingChange {
    fileprivate func write(to writer: inout ByteWriter) {
        switch self {
        case .goal(let survival, let voterCount):
            writer.write(UInt8(1))
            writer.write(survival.rawValue)
            writer.write(voterCount)
        case .wish(let wish):
            writer.write(UInt8(2))
            wish.write(to: &writer)
        case .forgetWishes: writer.write(UInt8(3))
        }
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteDecodingError) {
        switch try reader.integer(UInt8.self) {
        case 1:
            let survival: ClusterEntry.Survival = try reader.tag("survival")
            self = .goal(survival, voterCount: try Self.voterCount(from: &reader))
        case 2: self = .wish(try VoteWish(from: &reader))
        case 3: self = .forgetWishes
        case let tag: throw .invalid(what: "change of the voting", value: UInt64(tag))
        }
    }
}

extension Precondition {
    fileprivate func write(to writer: inout ByteWriter) {
        switch self {
        case .absent(plain: true): writer.write(UInt8(0))
        case .absent(plain: false): writer.write(UInt8(1))
        case .revision(let revision):
            writer.write(UInt8(2))
            writer.write(revision.rawValue)
        case .any: writer.write(UInt8(3))
        }
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteDecodingError) {
        switch try reader.integer(UInt8.self) {
        case 0: self = .absent(plain: true)
        case 1: self = .absent(plain: false)
        case 2: self = .revision(Revision(try reader.integer()))
        case 3: self = .any
        case let tag: throw .invalid(what: "precondition", value: UInt64(tag))
        }
    }
}

extension WorkerRegistration {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.write(store.rawValue)
        writer.write(name)
        writer.write(region)
        writer.write(zone)
        addresses.write(to: &writer)
        writer.write(capacity)
        writer.write(version)
        writer.write(startedAtUnixMS)
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteDecodingError) {
        self.init(
            store: StoreID(try reader.uniqueID()),
            name: try reader.text(),
            region: try reader.text(),
            zone: try reader.text(),
            addresses: try WorkerAddresses(from: &reader),
            capacity: try reader.integer(),
            version: try reader.text(),
            startedAtUnixMS: try reader.integer()
        )
    }
}

extension ByteReader {
    /// Reads a format version of one byte; 1 is the oldest there is.
    @discardableResult
    mutating func version(
        of what: StaticStringBox,
        newest: UInt64
    ) throws(ByteDecodingError) -> UInt64 {
        let found = UInt64(try integer(UInt8.self))
        guard found >= 1 else { throw .invalid(what: what, value: found) }
        guard found <= newest else {
            throw .unsupportedVersion(of: what, found: found, newest: newest)
        }
        return found
    }
}
