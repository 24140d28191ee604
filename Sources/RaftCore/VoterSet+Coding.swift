// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// Payload of a configuration entry, and part of a snapshot's metadata.
///
///     u8 version = 1, then incoming, outgoing, learners: each u32 count, {u64 node, u128 store}…,
///     then priorities: u32 count, {u64 node, u8 value}…
extension VoterSet {
    private static let version: UInt8 = 1

    /// Most voters or learners one list may hold; far above any sensible cluster.
    package static let memberLimit = 64

    package func encode() -> [UInt8] {
        var writer = ByteWriter()
        encode(into: &writer)
        return writer.bytes
    }

    package func encode(into writer: inout ByteWriter) {
        writer.write(Self.version)
        for members in [incoming, outgoing, learners] {
            writer.write(list: members) { writer, voter in
                writer.write(voter.node.rawValue)
                writer.write(voter.store.rawValue)
            }
        }
        writer.write(list: priorities) { writer, priority in
            writer.write(priority.node.rawValue)
            writer.write(priority.value)
        }
    }

    /// Reads what ``encode()`` wrote.
    ///
    /// - Throws: For another version, a list that is too long or names a node twice, and for bytes
    ///   that are missing or left over.
    package init(decoding bytes: [UInt8]) throws(ByteDecodingError) {
        var reader = ByteReader(bytes)
        self = try Self.decode(from: &reader)
        try reader.finish()
    }

    package static func decode(
        from reader: inout ByteReader
    ) throws(ByteDecodingError) -> VoterSet {
        let found = try reader.integer(UInt8.self)
        guard found == version else {
            throw .unsupportedVersion(of: "voter set", found: UInt64(found), newest: 1)
        }
        return VoterSet(
            incoming: try members(from: &reader),
            outgoing: try members(from: &reader),
            learners: try members(from: &reader),
            priorities: try priorities(from: &reader)
        )
    }

    private static func priorities(
        from reader: inout ByteReader
    ) throws(ByteDecodingError) -> [Priority] {
        let priorities = try reader.list { (reader) throws(ByteDecodingError) in
            Priority(node: NodeID(try reader.integer()), value: try reader.integer())
        }
        guard priorities.count <= memberLimit else {
            throw .invalid(what: "number of priorities", value: UInt64(priorities.count))
        }
        return priorities
    }

    private static func members(
        from reader: inout ByteReader
    ) throws(ByteDecodingError) -> [Voter] {
        let members = try reader.list { (reader) throws(ByteDecodingError) in
            Voter(
                node: NodeID(try reader.integer()),
                store: StoreID(try reader.uniqueID())
            )
        }.sorted()
        guard members.count <= memberLimit else {
            throw .invalid(what: "number of voters", value: UInt64(members.count))
        }
        for (member, next) in zip(members, members.dropFirst()) where member.node == next.node {
            throw .invalid(what: "repeated voter", value: member.node.rawValue)
        }
        return members
    }
}
