// SPDX-License-Identifier: Apache-2.0
import Primitives
import SystemIO
import SystemPackage

/// Whose data directory this is.
///
/// Format 1: magic `TARNIDEN`, version u8, store (16 bytes), name, and, once a member: cluster, node
/// id, whether it votes; then CRC-32C of all before it. Replaced whole.
struct IdentityFile {
    struct Content: Hashable, Sendable {
        struct Member: Hashable, Sendable {
            let cluster: ClusterID
            let node: NodeID
            let isVoter: Bool
        }

        let store: StoreID
        let name: String
        var member: Member?
    }

    static let name = "identity"
    private static let magic = Array("TARNIDEN".utf8)

    private let path: FilePath

    init(_ directory: FilePath) { path = directory.appending(Self.name) }

    func save(_ content: Content) throws(MembershipStoreError) {
        do throws(Errno) {
            try ReplacedFile(path).write(Self.encode(content))
        } catch {
            throw .io(error, operation: "writing", path)
        }
    }

    /// `nil` where there is none.
    func load() throws(MembershipStoreError) -> Content? {
        let bytes: [UInt8]?
        do throws(Errno) {
            bytes = try ReplacedFile(path).read(upTo: 1 << 16)
        } catch {
            throw .io(error, operation: "reading", path)
        }
        guard let bytes else { return nil }
        do throws(ByteDecodingError) {
            return try Self.decode(bytes)
        } catch .unsupportedVersion(_, let found, _) {
            throw .newer(path, version: found)
        } catch {
            throw .damaged(path)
        }
    }

    static func encode(_ content: Content) -> [UInt8] {
        var writer = ByteWriter()
        writer.write(raw: magic)
        writer.write(UInt8(1))
        writer.write(content.store.rawValue)
        writer.write(content.name)
        writer.write(optional: content.member) { writer, member in
            writer.write(member.cluster.rawValue)
            writer.write(member.node.rawValue)
            writer.write(member.isVoter)
        }
        writer.write(CRC32C.checksum(writer.bytes))
        return writer.bytes
    }

    static func decode(_ bytes: [UInt8]) throws(ByteDecodingError) -> Content {
        var reader = ByteReader(bytes)
        guard Array(try reader.raw(magic.count)) == magic else {
            throw .invalid(what: "identity's magic", value: 0)
        }
        try reader.version(of: "identity", newest: 1)
        let store = StoreID(try reader.uniqueID())
        let name = try reader.text()
        let member = try reader.optional { reader throws(ByteDecodingError) in
            Content.Member(
                cluster: ClusterID(try reader.uniqueID()),
                node: NodeID(try reader.integer()),
                isVoter: try reader.flag()
            )
        }
        let body = Array(bytes.dropLast(reader.byteCountLeft))
        guard CRC32C.checksum(body) == (try reader.integer(UInt32.self)) else {
            throw .invalid(what: "identity's checksum", value: 0)
        }
        try reader.finish()
        return Content(store: store, name: name, member: member)
    }
}
