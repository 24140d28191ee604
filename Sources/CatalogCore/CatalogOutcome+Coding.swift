// SPDX-License-Identifier: Apache-2.0

package import Primitives

extension CatalogOutcome {
    /// Newest format of an encoded outcome: its first byte.
    package static let formatVersion: UInt8 = 1

    /// What travels back to the worker that forwarded a command.
    package func encode() -> [UInt8] {
        var writer = ByteWriter()
        writer.write(Self.formatVersion)
        write(to: &writer)
        return writer.bytes
    }

    /// Reads what ``encode()`` wrote, from bytes that nobody vouches for.
    ///
    /// - Throws: ``ByteDecodingError``, `.unsupportedVersion` for a newer format.
    package init(decoding bytes: [UInt8]) throws(ByteDecodingError) {
        var reader = ByteReader(bytes)
        try reader.version(of: "catalog outcome", newest: UInt64(Self.formatVersion))
        self = try Self(from: &reader)
        try reader.finish()
    }

    func write(to writer: inout ByteWriter) {
        switch self {
        case .clusterFormed: writer.write(UInt8(1))
        case .worker(let worker):
            writer.write(UInt8(2))
            worker.write(to: &writer)
        case .mount(let entry, let isCreated):
            writer.write(UInt8(3))
            entry.write(to: &writer)
            writer.write(isCreated)
        case .mountRemoved(let entry):
            writer.write(UInt8(4))
            entry.write(to: &writer)
        case .refused(let refusal):
            writer.write(UInt8(5))
            refusal.write(to: &writer)
        case .credential(let entry, let isCreated):
            writer.write(UInt8(20))
            entry.write(to: &writer)
            writer.write(isCreated)
        case .credentialRemoved(let entry):
            writer.write(UInt8(21))
            entry.write(to: &writer)
        case .ring(let ring):
            writer.write(UInt8(6))
            ring.write(to: &writer)
        case .job(let job):
            writer.write(UInt8(7))
            job.write(to: &writer)
        }
    }

    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        switch try reader.integer(UInt8.self) {
        case 1: self = .clusterFormed
        case 2: self = .worker(try WorkerEntry(from: &reader))
        case 3: self = .mount(try MountEntry(from: &reader), created: try reader.flag())
        case 4: self = .mountRemoved(try MountEntry(from: &reader))
        case 5: self = .refused(try CatalogRefusal(from: &reader))
        case 20:
            self = .credential(try CredentialEntry(from: &reader), created: try reader.flag())
        case 21: self = .credentialRemoved(try CredentialEntry(from: &reader))
        case 6: self = .ring(try RingEntry(from: &reader))
        case 7: self = .job(try JobEntry(from: &reader))
        case let tag: throw .invalid(what: "outcome", value: UInt64(tag))
        }
    }
}

extension CatalogRefusal {
    fileprivate func write(to writer: inout ByteWriter) {
        writer.write(tag)
        switch self {
        case .noSuchMount, .noSuchWorker, .noSuchCredential, .idempotencyKeyReused: break
        case .mountExists(let entry): entry.write(to: &writer)
        case .revisionMismatch(let current): writer.write(current.rawValue)
        case .badPath(let text), .badValue(let text), .unknownScheme(let text),
            .unknownOption(let text), .full(let text), .unsafe(let text):
            writer.write(text)
        case .bucketNameTaken(let path): writer.write(path)
        case .nameTaken(let store, let node):
            writer.write(store.rawValue)
            writer.write(node.rawValue)
        case .alreadyFormed(let cluster): writer.write(cluster.rawValue)
        case .storeRetired(let node): writer.write(node.rawValue)
        case .credentialInUse(let paths, let count):
            writer.write(list: paths) { $0.write($1) }
            writer.write(count)
        }
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteDecodingError) {
        switch try reader.integer(UInt8.self) {
        case 1: self = .mountExists(try MountEntry(from: &reader))
        case 2: self = .revisionMismatch(current: Revision(try reader.counter("revision")))
        case 3: self = .noSuchMount
        case 4: self = .noSuchWorker
        case 5: self = .badPath(try reader.text())
        case 6: self = .badValue(try reader.text())
        case 7: self = .unknownScheme(try reader.text())
        case 8: self = .unknownOption(try reader.text())
        case 9: self = .bucketNameTaken(by: try reader.byteString())
        case 10: self = .idempotencyKeyReused
        case 11:
            self = .nameTaken(
                by: StoreID(try reader.uniqueID()),
                node: NodeID(try reader.counter("node id"))
            )
        case 12: self = .alreadyFormed(ClusterID(try reader.uniqueID()))
        case 13: self = .full(try reader.text())
        case 14: self = .storeRetired(NodeID(try reader.counter("node id")))
        case 20: self = .noSuchCredential
        case 21:
            self = .credentialInUse(
                by: try reader.list { (reader) throws(ByteDecodingError) in
                    try reader.byteString()
                },
                count: try reader.integer()
            )
        case 15: self = .unsafe(try reader.text())
        case let tag: throw .invalid(what: "refusal", value: UInt64(tag))
        }
    }

    private var tag: UInt8 {
        switch self {
        case .mountExists: 1
        case .revisionMismatch: 2
        case .noSuchMount: 3
        case .noSuchWorker: 4
        case .badPath: 5
        case .badValue: 6
        case .unknownScheme: 7
        case .unknownOption: 8
        case .bucketNameTaken: 9
        case .idempotencyKeyReused: 10
        case .nameTaken: 11
        case .alreadyFormed: 12
        case .full: 13
        case .storeRetired: 14
        case .noSuchCredential: 20
        case .credentialInUse: 21
        case .unsafe: 15
        }
    }
}
