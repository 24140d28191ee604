// SPDX-License-Identifier: Apache-2.0
import Primitives

extension PeerHello {
    func encode(into writer: inout ByteWriter) {
        writer.write(raw: Self.magic)
        writer.write(versions.lowerBound)
        writer.write(versions.upperBound)
        writer.write(optional: cluster) { $0.write($1.rawValue) }
        writer.write(optional: node) { $0.write($1.rawValue) }
        writer.write(store.rawValue)
        for text in [name, region, zone] { writer.write(text) }
        if !lineage.isEmpty { writer.write(list: lineage) { $0.write($1.rawValue) } }
    }

    /// Reads a hello and skips what a later version may have put behind it.
    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        let magic = try reader.raw(Self.magic.count)
        guard magic.elementsEqual(Self.magic) else {
            throw .invalid(what: "magic, first byte", value: UInt64(magic.first ?? 0))
        }
        let oldest = try reader.integer(UInt16.self)
        let newest = try reader.integer(UInt16.self)
        guard oldest <= newest else {
            throw .invalid(what: "version range, oldest", value: UInt64(oldest))
        }
        self.init(
            cluster: try reader.optional { reader throws(ByteDecodingError) in
                ClusterID(try reader.uniqueID())
            },
            node: try reader.optional { reader throws(ByteDecodingError) in
                NodeID(try reader.integer())
            },
            store: StoreID(try reader.uniqueID()),
            name: try reader.shortText(),
            region: try reader.shortText(),
            zone: try reader.shortText(),
            versions: oldest...newest,
            lineage: try reader.lineage()
        )
        _ = try reader.raw(reader.byteCountLeft)
    }
}

extension ByteReader {
    /// The ancestors of a cluster, where the hello goes on that far.
    fileprivate mutating func lineage() throws(ByteDecodingError) -> [ClusterID] {
        guard byteCountLeft > 0 else { return [] }
        let count = try integer(UInt32.self)
        guard count <= PeerHello.longestLineage else {
            throw .invalid(what: "ancestors of a cluster", value: UInt64(count))
        }
        var lineage: [ClusterID] = []
        for _ in 0..<count { lineage.append(ClusterID(try uniqueID())) }
        return lineage
    }

    fileprivate mutating func shortText() throws(ByteDecodingError) -> String {
        let bytes = try run(upTo: PeerHello.longestText)
        guard let text = String(validating: bytes, as: UTF8.self) else {
            throw .invalid(what: "UTF-8 text of length", value: UInt64(bytes.count))
        }
        return text
    }
}

extension PeerRefusal {
    func encode(into writer: inout ByteWriter) {
        writer.write(kind.rawValue)
        writer.write(raw: reason.utf8.prefix(PeerFrame.longestReason))
    }

    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        let kind = Kind(rawValue: try reader.integer()) ?? .other
        let reason = try reader.raw(reader.byteCountLeft)
        // Repairing: a cut may have fallen inside a character.
        self.init(kind, String(decoding: reason, as: UTF8.self))
    }
}
