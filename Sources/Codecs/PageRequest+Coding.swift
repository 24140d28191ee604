// SPDX-License-Identifier: Apache-2.0
import PlacementCore
package import Primitives

extension PageRequest {
    private enum Kind: UInt8 {
        case read = 1
        case attributes = 2
        case list = 3
        case capacity = 4
        case report = 5
        case ping = 6
        case offer = 7
        case holdings = 8
    }

    /// The whole frame of a request.
    ///
    /// - Parameter id: Chosen by the client; not that of another request still unanswered.
    /// - Returns: The bytes to send.
    package func encoded(id: UInt64) -> [UInt8] {
        var body = ByteWriter()
        encodeBody(into: &body)
        return PageProtocol.frame(kind: kind.rawValue, id: id, body: body.bytes)
    }

    /// Reads a request from the kind and the body of its frame.
    package init(kind: UInt8, decoding bytes: [UInt8]) throws(ByteDecodingError) {
        guard let known = Kind(rawValue: kind) else {
            throw .invalid(what: "request kind", value: UInt64(kind))
        }
        var reader = ByteReader(bytes)
        switch known {
        case .read: self = .read(try PageReadRequest(from: &reader))
        case .attributes:
            let path = try reader.byteString()
            let view: PagePathView = try reader.choice("view")
            let gone = try reader.optional { reader throws(ByteDecodingError) in
                try reader.byteString()
            }
            self = .attributes(path: path, view: view, gone: gone)
        case .list:
            let path = try reader.byteString()
            let after = try reader.optional { reader throws(ByteDecodingError) in
                try reader.byteString()
            }
            let limit = try reader.integer(UInt32.self)
            guard (1...PageProtocol.maximumDirectoryLimit).contains(limit) else {
                throw .invalid(what: "limit", value: UInt64(limit))
            }
            self = .list(path: path, after: after, limit: limit)
        case .capacity: self = .capacity
        case .report: self = .report(try PageReadReport(from: &reader))
        case .ping: self = .ping
        case .offer: self = .offer(try PageOffer(from: &reader))
        case .holdings:
            let count = try reader.integer(UInt32.self)
            guard (1...PageProtocol.maximumHoldingsCount).contains(Int(count)) else {
                throw .invalid(what: "objects", value: UInt64(count))
            }
            var objects: [PageObject] = []
            for _ in 0..<count { objects.append(try PageObject(from: &reader)) }
            self = .holdings(objects)
        }
        try reader.finish()
    }

    private var kind: Kind {
        switch self {
        case .read: .read
        case .attributes: .attributes
        case .list: .list
        case .capacity: .capacity
        case .report: .report
        case .ping: .ping
        case .offer: .offer
        case .holdings: .holdings
        }
    }

    private func encodeBody(into writer: inout ByteWriter) {
        switch self {
        case .read(let read): read.encode(into: &writer)
        case .attributes(let path, let view, let gone):
            writer.write(path)
            writer.write(view.rawValue)
            writer.write(optional: gone) { $0.write($1) }
        case .list(let path, let after, let limit):
            writer.write(path)
            writer.write(optional: after) { $0.write($1) }
            writer.write(limit)
        case .report(let report): report.encode(into: &writer)
        case .offer(let offer): offer.encode(into: &writer)
        case .holdings(let objects):
            writer.write(UInt32(clamping: objects.count))
            for object in objects { object.encode(into: &writer) }
        case .capacity, .ping: break
        }
    }
}

extension PageReadRequest {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.write(mode.rawValue)
        writer.write(epoch.rawValue)
        writer.write(region)
        writer.write(mount)
        writer.write(origin.rawValue)
        writer.write(key)
        writer.write(version)
        writer.write(objectByteCount)
        writer.write(modifiedUnixNS)
        writer.write(page)
        writer.write(range.lowerBound)
        writer.write(range.upperBound)
        writer.write(readAhead)
    }

    /// Refuses a page or a range that the object does not have: no handler ever sees one.
    fileprivate init(from reader: inout ByteReader) throws(ByteDecodingError) {
        mode = try reader.choice("mode")
        epoch = RingEpoch(try reader.integer())
        region = try reader.text()
        mount = try reader.byteString()
        origin = OriginID(try reader.integer())
        key = try reader.byteString()
        version = try reader.byteString()
        objectByteCount = try reader.integer()
        modifiedUnixNS = try reader.integer()
        page = try reader.integer()
        let (lower, upper) = (try reader.integer(UInt32.self), try reader.integer(UInt32.self))
        guard let geometry = PageGeometry(byteCount: objectByteCount) else {
            throw .invalid(what: "object size", value: objectByteCount)
        }
        guard page < geometry.pageCount else {
            throw .invalid(what: "page", value: UInt64(page))
        }
        guard lower < upper, upper <= geometry.byteCount(ofPage: page) else {
            throw .invalid(what: "range in page", value: UInt64(upper))
        }
        range = lower..<upper
        readAhead = try reader.integer()
    }
}

extension PageReadReport {
    fileprivate func encode(into writer: inout ByteWriter) {
        writer.write(mount)
        writer.write(client.rawValue)
        writer.write(source.rawValue)
        writer.write(byteCount)
    }

    fileprivate init(from reader: inout ByteReader) throws(ByteDecodingError) {
        self.init(
            mount: try reader.byteString(),
            client: try reader.choice("client"),
            source: try reader.choice("source"),
            byteCount: try reader.integer()
        )
    }
}

extension ByteReader {
    /// Reads one byte that stands for a case.
    mutating func choice<Choice: RawRepresentable>(
        _ what: StaticStringBox
    ) throws(ByteDecodingError) -> Choice where Choice.RawValue == UInt8 {
        let value = try integer(UInt8.self)
        guard let choice = Choice(rawValue: value) else {
            throw .invalid(what: what, value: UInt64(value))
        }
        return choice
    }
}

extension PageProtocol {
    static func frame(kind: UInt8, id: UInt64, body: [UInt8], followedBy count: Int = 0) -> [UInt8]
    {
        var writer = ByteWriter(reservingCapacity: lengthByteCount + headByteCount + body.count)
        writer.write(UInt32(headByteCount + body.count + count))
        writer.write(kind)
        writer.write(id)
        writer.write(raw: body)
        return writer.bytes
    }
}
