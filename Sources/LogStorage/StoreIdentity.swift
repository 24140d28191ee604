// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// Who the worker behind a data directory is; kept in the file `identity`.
///
/// Formats 1 and 2, little-endian: `TARNDATA` · format (u32) · store (16) · name (u32 length, UTF-8)
/// · has membership (u8), then cluster (16) · node (u64) · role (u8)
/// · has intent (u8), then cluster (16) · body (u32 length)
/// · in format 2 has lost store (u8), then ``LostStore``
/// · zeros up to a multiple of 512 less four · CRC-32C of all before (u32). Format 2 is
/// written only where there is a lost store: a release before it goes on reading all others.
package struct StoreIdentity: Hashable, Sendable {
    /// What this store is to its cluster.
    package enum Role: UInt8, Sendable {
        /// Follows the catalog, has no vote.
        case observer = 1
        /// Has a log and a vote.
        case voter = 2
        /// Was taken out of the cluster for good.
        case removed = 3
        /// Follows the catalog; has a log with promises that a later vote must keep.
        case formerVoter = 4
    }

    /// The place in a cluster that this store was admitted to.
    package struct Membership: Hashable, Sendable {
        package let cluster: ClusterID
        package let node: NodeID
        package var role: Role

        package init(cluster: ClusterID, node: NodeID, role: Role) {
            self.cluster = cluster
            self.node = node
            self.role = role
        }
    }

    /// A `cluster init` that this worker has begun: run again, it goes on with the same cluster.
    package struct InitIntent: Hashable, Sendable {
        package let cluster: ClusterID
        /// Whatever else the runtime needs to resume; at most ``longestBody`` bytes.
        package let body: [UInt8]

        package static let longestBody = 64 << 10

        package init(cluster: ClusterID, body: [UInt8] = []) {
            precondition(body.count <= Self.longestBody, "an intent of \(body.count) bytes")
            self.cluster = cluster
            self.body = body
        }
    }

    /// Made when the directory is first used; never changes.
    package let store: StoreID
    /// The worker's name; fixed from admission on.
    package var name: String
    package var membership: Membership?
    package var intent: InitIntent?
    /// The voter's store that this one takes the place of, until the cluster has admitted it.
    package var lost: LostStore?

    /// A store that no cluster knows yet.
    package init(
        store: StoreID,
        name: String,
        membership: Membership? = nil,
        intent: InitIntent? = nil,
        lost: LostStore? = nil
    ) {
        self.store = store
        self.name = name
        self.membership = membership
        self.intent = intent
        self.lost = lost
    }
}

extension StoreIdentity {
    static let magic = Array("TARNDATA".utf8)
    static let newestFormat: UInt32 = 2
    /// Longest file that is read, in bytes.
    static let longestFile = 128 << 10

    func encoded() -> [UInt8] {
        var writer = ByteWriter()
        writer.write(raw: Self.magic)
        writer.write(lost == nil ? 1 : Self.newestFormat)
        writer.write(store.rawValue)
        writer.write(name)
        writer.write(optional: membership) { writer, membership in
            writer.write(membership.cluster.rawValue)
            writer.write(membership.node.rawValue)
            writer.write(membership.role.rawValue)
        }
        writer.write(optional: intent) { writer, intent in
            writer.write(intent.cluster.rawValue)
            writer.write(intent.body)
        }
        if let lost { writer.write(optional: lost) { $1.encode(into: &$0) } }
        let byteCount = (writer.bytes.count + 4 + 511) / 512 * 512
        return sealed(writer.bytes, byteCount: byteCount)
    }

    init(decoding file: [UInt8]) throws(ByteDecodingError) {
        guard file.count >= Sector.byteCount, file.count <= Self.longestFile else {
            throw .invalid(what: "identity file length", value: UInt64(file.count))
        }
        var reader = try openSealed(
            file,
            byteCount: file.count,
            magic: Self.magic,
            newest: Self.newestFormat
        )
        var head = ByteReader(file.dropFirst(Self.magic.count))
        let format = try head.integer(UInt32.self)
        store = StoreID(try reader.uniqueID())
        name = try reader.text()
        membership = try reader.optional { reader throws(ByteDecodingError) in
            try Membership(from: &reader)
        }
        intent = try reader.optional { reader throws(ByteDecodingError) in
            let cluster = ClusterID(try reader.uniqueID())
            let body = try reader.run(upTo: InitIntent.longestBody)
            return InitIntent(cluster: cluster, body: body)
        }
        guard format > 1 else { return }
        lost = try reader.optional { reader throws(ByteDecodingError) in
            try LostStore(from: &reader)
        }
    }
}

extension StoreIdentity.Membership {
    fileprivate init(from reader: inout ByteReader) throws(ByteDecodingError) {
        cluster = ClusterID(try reader.uniqueID())
        node = NodeID(try reader.positive())
        let number = try reader.integer(UInt8.self)
        guard let role = StoreIdentity.Role(rawValue: number) else {
            throw .invalid(what: "role", value: UInt64(number))
        }
        self.role = role
    }
}
