// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
package import Primitives

/// An init asks a fresh worker to take part in no other for ten seconds, or sets it free again.
package struct PromiseRequest: Sendable, Hashable {
    package enum Purpose: UInt8, Sendable { case take, release }

    /// Made by the init; the same in all its calls.
    package let initialisation: UniqueID
    package let purpose: Purpose

    package init(initialisation: UniqueID, purpose: Purpose = .take) {
        self.initialisation = initialisation
        self.purpose = purpose
    }

    package func encode() -> [UInt8] {
        var writer = ByteWriter()
        writer.write(UInt8(1))
        writer.write(initialisation)
        writer.write(purpose.rawValue)
        return writer.bytes
    }

    package init(decoding bytes: [UInt8]) throws(ByteDecodingError) {
        var reader = ByteReader(bytes)
        try reader.version(of: "promise request", newest: 1)
        initialisation = try reader.uniqueID()
        let byte = try reader.integer(UInt8.self)
        guard let purpose = Purpose(rawValue: byte) else {
            throw .invalid(what: "promise purpose", value: UInt64(byte))
        }
        self.purpose = purpose
    }
}

/// What a worker says about itself when it is asked for a promise, and to which init it is promised.
package struct PromiseReply: Sendable, Hashable {
    package let registration: WorkerRegistration
    /// The asking init if the promise was given, else the one it was given to before.
    package let holder: UniqueID

    package init(registration: WorkerRegistration, holder: UniqueID) {
        self.registration = registration
        self.holder = holder
    }

    package func encode() -> [UInt8] {
        var writer = ByteWriter()
        writer.write(UInt8(1))
        writer.write(holder)
        writer.write(CatalogCommand(operation: .register(registration)).encode())
        return writer.bytes
    }

    package init(decoding bytes: [UInt8]) throws(ByteDecodingError) {
        var reader = ByteReader(bytes)
        try reader.version(of: "promise reply", newest: 1)
        holder = try reader.uniqueID()
        registration = try reader.registration()
    }
}

extension ByteReader {
    /// Reads a registration, carried as the command that asks for it.
    mutating func registration() throws(ByteDecodingError) -> WorkerRegistration {
        let command = try CatalogCommand(decoding: try run())
        guard case .register(let registration) = command.operation else {
            throw .invalid(what: "registration", value: 0)
        }
        return registration
    }
}

/// The birth of a cluster: the same bytes for each of its first voters, kept by whoever runs init
/// until all of them have it.
package struct Formation: Sendable, Hashable {
    package let initialisation: UniqueID
    package let cluster: ClusterEntry
    /// In the order of their node ids 1...n; exactly the voters.
    package let members: [WorkerRegistration]

    package init(
        initialisation: UniqueID,
        cluster: ClusterEntry,
        members: [WorkerRegistration]
    ) {
        self.initialisation = initialisation
        self.cluster = cluster
        self.members = members
    }

    /// The command that every voter's log begins with.
    package var genesis: CatalogCommand {
        CatalogCommand(operation: .genesis(cluster, members))
    }

    /// The node id of the member with this store.
    package func node(of store: StoreID) -> NodeID? {
        members.firstIndex { $0.store == store }.map { NodeID(UInt64($0) + 1) }
    }

    package func encode() -> [UInt8] {
        var writer = ByteWriter()
        writer.write(UInt8(1))
        writer.write(initialisation)
        writer.write(genesis.encode())
        return writer.bytes
    }

    package init(decoding bytes: [UInt8]) throws(ByteDecodingError) {
        var reader = ByteReader(bytes)
        try reader.version(of: "formation", newest: 1)
        initialisation = try reader.uniqueID()
        let command = try CatalogCommand(decoding: try reader.run())
        try reader.finish()
        guard case .genesis(let cluster, let members) = command.operation,
            (1...7).contains(members.count)
        else { throw .invalid(what: "formation", value: 0) }
        self.cluster = cluster
        self.members = members
    }
}

/// What became of a fresh worker's wish to be admitted.
package enum AdmissionReply: Sendable, Hashable {
    case admitted(ClusterID, NodeID)
    /// The name belongs to a store that no longer answers; it has to be retired first.
    case replacing
    /// The name belongs to a store that is alive: a sentence for people.
    case refused(String)

    package func encode() -> [UInt8] {
        var writer = ByteWriter()
        switch self {
        case .admitted(let cluster, let node):
            writer.write(UInt8(1))
            writer.write(cluster.rawValue)
            writer.write(node.rawValue)
        case .replacing:
            writer.write(UInt8(2))
        case .refused(let reason):
            writer.write(UInt8(3))
            writer.write(reason)
        }
        return writer.bytes
    }

    package init(decoding bytes: [UInt8]) throws(ByteDecodingError) {
        var reader = ByteReader(bytes)
        let tag = try reader.integer(UInt8.self)
        switch tag {
        case 1:
            self = .admitted(
                ClusterID(try reader.uniqueID()),
                NodeID(try reader.integer())
            )
        case 2: self = .replacing
        case 3: self = .refused(try reader.text())
        default: throw .invalid(what: "admission reply", value: UInt64(tag))
        }
        try reader.finish()
    }
}
