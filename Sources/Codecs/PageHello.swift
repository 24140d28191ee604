// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// What a client says first.
///
///     "TARNPAGE" ‖ u32 length of the rest ‖ terms ‖ cluster (u64, u64) ‖ u32 n ‖ client name
///     terms = u16 oldest version ‖ u16 newest version ‖ u32 page bytes ‖ u32 unit bytes
///
/// What follows the fields known here is skipped: a newer client may say more.
package struct PageClientHello: Hashable, Sendable {
    package static let maximumNameByteCount = 256

    package let terms: PageProtocolTerms
    package let cluster: ClusterID
    /// For logs; cut at 256 bytes.
    package let name: String

    package init(terms: PageProtocolTerms = .current, cluster: ClusterID, name: String) {
        self.terms = terms
        self.cluster = cluster
        self.name = name
    }

    package var encoded: [UInt8] {
        var body = ByteWriter()
        terms.encode(into: &body)
        body.write(cluster.rawValue)
        body.write(Array(name.utf8.prefix(Self.maximumNameByteCount)))
        return PageProtocol.greeting(body.bytes)
    }

    /// Reads what stands behind the length.
    package init(decoding bytes: [UInt8]) throws(ByteDecodingError) {
        var reader = ByteReader(bytes)
        terms = try PageProtocolTerms(from: &reader)
        cluster = ClusterID(try reader.uniqueID())
        let name = try reader.run(upTo: Self.maximumNameByteCount)
        self.name = String(decoding: name, as: UTF8.self)
    }
}

/// What a worker answers to a hello.
///
///     "TARNPAGE" ‖ u32 length of the rest ‖ u8 0 ‖ terms ‖ cluster ‖ u64 node id ‖ u32 n ‖ name
///     "TARNPAGE" ‖ u32 length of the rest ‖ u8 1 ‖ u32 n ‖ reason                     then it closes
package enum PageServerHello: Hashable, Sendable {
    case welcome(PageServerWelcome)
    case refused(reason: String)

    package static let maximumReasonByteCount = 1024

    package var encoded: [UInt8] {
        var body = ByteWriter()
        switch self {
        case .welcome(let welcome):
            body.write(UInt8(0))
            welcome.terms.encode(into: &body)
            body.write(welcome.cluster.rawValue)
            body.write(welcome.node.rawValue)
            body.write(Array(welcome.name.utf8.prefix(PageClientHello.maximumNameByteCount)))
        case .refused(let reason):
            body.write(UInt8(1))
            body.write(Array(reason.utf8.prefix(Self.maximumReasonByteCount)))
        }
        return PageProtocol.greeting(body.bytes)
    }

    /// Reads what stands behind the length.
    package init(decoding bytes: [UInt8]) throws(ByteDecodingError) {
        var reader = ByteReader(bytes)
        let tag = try reader.integer(UInt8.self)
        switch tag {
        case 0:
            let terms = try PageProtocolTerms(from: &reader)
            let cluster = ClusterID(try reader.uniqueID())
            let node = NodeID(try reader.integer())
            let name = try reader.run(upTo: PageClientHello.maximumNameByteCount)
            self = .welcome(
                PageServerWelcome(
                    terms: terms,
                    cluster: cluster,
                    node: node,
                    name: String(decoding: name, as: UTF8.self)
                )
            )
        case 1:
            let reason = try reader.run(upTo: Self.maximumReasonByteCount)
            self = .refused(reason: String(decoding: reason, as: UTF8.self))
        default: throw .invalid(what: "answer to a hello", value: UInt64(tag))
        }
    }
}

/// Who a worker is.
package struct PageServerWelcome: Hashable, Sendable {
    package let terms: PageProtocolTerms
    package let cluster: ClusterID
    package let node: NodeID
    /// As operators call it; cut at 256 bytes.
    package let name: String

    package init(
        terms: PageProtocolTerms = .current,
        cluster: ClusterID,
        node: NodeID,
        name: String
    ) {
        self.terms = terms
        self.cluster = cluster
        self.node = node
        self.name = name
    }

    /// The same to a client of `cluster`: one that this worker's goes on from, with the same origins.
    package func speaking(for cluster: ClusterID) -> Self {
        Self(terms: terms, cluster: cluster, node: node, name: name)
    }

    /// Why a client cannot be served; `nil` where it can.
    package func objection(to hello: PageClientHello) -> String? {
        guard hello.terms.oldestVersion <= terms.newestVersion,
            terms.oldestVersion <= hello.terms.newestVersion
        else {
            return "page protocol \(hello.terms.oldestVersion) to \(hello.terms.newestVersion)"
                + " asked for, \(terms.oldestVersion) to \(terms.newestVersion) spoken here"
        }
        guard hello.terms.pageByteCount == terms.pageByteCount,
            hello.terms.unitByteCount == terms.unitByteCount
        else {
            return "pages of \(hello.terms.pageByteCount) and units of"
                + " \(hello.terms.unitByteCount) bytes asked for, \(terms.pageByteCount) and"
                + " \(terms.unitByteCount) used here"
        }
        guard hello.cluster == cluster else {
            return "cluster \(hello.cluster) asked for, this worker belongs to \(cluster)"
        }
        return nil
    }
}

extension PageProtocolTerms {
    func encode(into writer: inout ByteWriter) {
        writer.write(oldestVersion)
        writer.write(newestVersion)
        writer.write(pageByteCount)
        writer.write(unitByteCount)
    }

    init(from reader: inout ByteReader) throws(ByteDecodingError) {
        self.init(
            oldestVersion: try reader.integer(),
            newestVersion: try reader.integer(),
            pageByteCount: try reader.integer(),
            unitByteCount: try reader.integer()
        )
    }
}

extension PageProtocol {
    /// Bytes of magic and length, before the body of a hello.
    package static var greetingHeadByteCount: Int { magic.count + lengthByteCount }

    static func greeting(_ body: [UInt8]) -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: greetingHeadByteCount + body.count)
        writer.write(raw: magic)
        writer.write(body)
        return writer.bytes
    }
}
