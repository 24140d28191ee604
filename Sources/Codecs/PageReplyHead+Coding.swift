// SPDX-License-Identifier: Apache-2.0
package import Primitives

extension PageReplyHead {
    private enum Kind: UInt8 {
        case page = 129
        case miss = 130
        case filling = 131
        case attributes = 132
        case directory = 133
        case capacity = 134
        case pong = 135
        case failure = 136
        case evicted = 137
        case offered = 138
        case holdings = 139
    }

    /// Bytes between the head of a frame and the bytes of a page: checksum, source and copies.
    package static let pagePreludeByteCount = 6

    /// Whether a frame of this kind carries the bytes of a page behind its prelude.
    package static func isPage(kind: UInt8) -> Bool { kind == Kind.page.rawValue }

    /// The frame of a reply, but for the bytes of the page, which the caller sends behind it.
    ///
    /// - Parameters:
    ///   - id: That of the request.
    ///   - pageByteCount: How many bytes of a page follow.
    /// - Returns: The bytes to send.
    package func encoded(id: UInt64, followedBy pageByteCount: Int = 0) -> [UInt8] {
        var body = ByteWriter()
        encodeBody(into: &body)
        return PageProtocol.frame(
            kind: kind.rawValue,
            id: id,
            body: body.bytes,
            followedBy: pageByteCount
        )
    }

    /// Reads a reply from the kind and the body of its frame; for a page only from the prelude.
    package init(kind: UInt8, decoding bytes: [UInt8]) throws(ByteDecodingError) {
        guard let known = Kind(rawValue: kind) else {
            throw .invalid(what: "reply kind", value: UInt64(kind))
        }
        var reader = ByteReader(bytes)
        switch known {
        case .page:
            let checksum = try reader.integer(UInt32.self)
            let source: PageSource = try reader.choice("source")
            self = .page(checksum: checksum, source: source, copies: try reader.integer())
        case .miss: self = .miss
        case .evicted: self = .evicted
        case .filling: self = .filling
        case .attributes: self = .attributes(try PageAttributes(from: &reader))
        case .directory: self = .directory(try PageDirectory(from: &reader))
        case .capacity:
            let total = try reader.integer(UInt64.self)
            self = .capacity(total: total, used: try reader.integer())
        case .pong: self = .pong
        case .offered: self = .offered(try Self.verdicts(from: &reader))
        case .holdings: self = .holdings(byteCount: try reader.integer())
        case .failure: self = .failure(try PageFailure(from: &reader))
        }
        try reader.finish()
    }

    private var kind: Kind {
        switch self {
        case .page: .page
        case .miss: .miss
        case .evicted: .evicted
        case .filling: .filling
        case .attributes: .attributes
        case .directory: .directory
        case .capacity: .capacity
        case .pong: .pong
        case .offered: .offered
        case .holdings: .holdings
        case .failure: .failure
        }
    }

    private func encodeBody(into writer: inout ByteWriter) {
        switch self {
        case .page(let checksum, let source, let copies):
            writer.write(checksum)
            writer.write(source.rawValue)
            writer.write(copies)
        case .attributes(let attributes): attributes.encode(into: &writer)
        case .directory(let directory): directory.encode(into: &writer)
        case .capacity(let total, let used):
            writer.write(total)
            writer.write(used)
        case .offered(let verdicts):
            writer.write(UInt32(clamping: verdicts.count))
            for verdict in verdicts { writer.write(verdict.rawValue) }
        case .holdings(let byteCount): writer.write(byteCount)
        case .failure(let failure): failure.encode(into: &writer)
        case .miss, .evicted, .filling, .pong: break
        }
    }
}

extension PageReplyHead {
    private static func verdicts(
        from reader: inout ByteReader
    ) throws(ByteDecodingError) -> [PageOfferVerdict] {
        let count = try reader.integer(UInt32.self)
        guard Int(count) <= PageOffer.maximumPageCount else {
            throw .invalid(what: "verdicts", value: UInt64(count))
        }
        var verdicts: [PageOfferVerdict] = []
        for _ in 0..<count { verdicts.append(try reader.choice("verdict")) }
        return verdicts
    }
}

extension PageAttributes {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.write(kind.rawValue)
        writer.write(byteCount)
        writer.write(modifiedUnixNS)
        writer.write(version)
        writer.write(optional: validFor) { $0.write($1.milliseconds) }
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteDecodingError) {
        self.init(
            kind: try reader.choice("kind"),
            byteCount: try reader.integer(),
            modifiedUnixNS: try reader.integer(),
            version: try reader.byteString(),
            validFor: try reader.optional { reader throws(ByteDecodingError) in
                Timespan(milliseconds: try reader.integer())
            }
        )
    }
}

extension PageDirectory {
    /// Writes as many entries as fit a frame; where some do not, the reader is told to ask again.
    fileprivate func encode(into writer: inout ByteWriter) {
        var list = ByteWriter()
        var count: UInt32 = 0
        for entry in entries {
            var one = ByteWriter()
            one.write(entry.name)
            entry.attributes.encode(into: &one)
            guard list.bytes.count + one.bytes.count <= PageProtocol.maximumDirectoryByteCount
            else {
                break
            }
            list.write(raw: one.bytes)
            count += 1
        }
        writer.write(hasMore || Int(count) < entries.count)
        writer.write(count)
        writer.write(raw: list.bytes)
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteDecodingError) {
        let hasMore = try reader.flag()
        let entries = try reader.list { reader throws(ByteDecodingError) in
            PageDirectoryEntry(
                name: try reader.byteString(),
                attributes: try PageAttributes(from: &reader)
            )
        }
        self.init(entries: entries, hasMore: hasMore)
    }
}
