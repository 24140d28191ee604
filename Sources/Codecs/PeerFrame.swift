// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// One frame between two workers; every connection carries nothing else, in both directions.
///
/// Wire format 1, little-endian:
///
///     payload length (u32) · CRC-32C of the payload (u32) · payload
///     payload = kind (u8) · the kind's fields · its body up to the payload's end
///
/// The first frame each way is a ``hello`` (the connecting side speaks first) or, as an answer, a
/// ``refusal``. Request and stream ids are made by the connecting side and count up from 1; only it
/// asks. The checksum is there because TCP's 16 bits let about one bad packet in 65,536 through.
package enum PeerFrame: Hashable, Sendable {
    /// Kind 1. Who speaks; again later when that has changed.
    case hello(PeerHello)
    /// Kind 2. Kind of refusal (u8) · reason (UTF-8). The sender closes after it.
    case refusal(PeerRefusal)
    /// Kind 3. A one-way message.
    case message([UInt8])
    /// Kind 4. Id (u64) · method (u8) · time the caller will wait, in milliseconds (u32) · body.
    case request(id: UInt64, method: UInt8, timeoutMS: UInt32, body: [UInt8])
    /// Kind 5. Id (u64) · body.
    case reply(id: UInt64, body: [UInt8])
    /// Kind 6. Id (u64) · code (u8) · body. Ends a request or a stream.
    case failure(id: UInt64, PeerFailure)
    /// Kind 7. Id (u64). Nobody waits for this request or reads this stream any more.
    case cancel(id: UInt64)
    /// Kind 8. Id (u64) · method (u8) · bytes that may come unasked (u32) · body.
    case openStream(id: UInt64, method: UInt8, credit: UInt32, body: [UInt8])
    /// Kind 9. Id (u64) · body.
    case item(id: UInt64, body: [UInt8])
    /// Kind 10. Id (u64) · further bytes that may come (u32).
    case credit(id: UInt64, byteCount: UInt32)
    /// Kind 11. Id (u64). The stream has ended well.
    case endStream(id: UInt64)
    /// Kind 12. A number that the ``pong`` repeats (u64).
    case ping(UInt64)
    /// Kind 13.
    case pong(UInt64)

    /// Longest payload, in bytes.
    package static let longest = 4 << 20

    /// Longest payload of a connection's first frame each way, in bytes: strangers get no more.
    package static let longestHello = 4096

    /// Bytes of length and checksum before a payload.
    package static let headerByteCount = 8

    /// Bytes a payload may need beside its body.
    package static let longestOverhead = 32

    /// Bytes of a refusal's reason; longer ones are cut.
    package static let longestReason = 1024
}

// MARK: - Encoding

extension PeerFrame {
    /// The frame's bytes, header included.
    package func encoded() -> [UInt8] {
        let payload = encodedPayload()
        var frame = ByteWriter(reservingCapacity: Self.headerByteCount + payload.count)
        frame.write(UInt32(payload.count))
        frame.write(CRC32C.checksum(payload))
        frame.write(raw: payload)
        return frame.bytes
    }

    private func encodedPayload() -> [UInt8] {
        var writer = ByteWriter()
        writer.write(kind.rawValue)
        switch self {
        case .hello(let hello): hello.encode(into: &writer)
        case .refusal(let refusal): refusal.encode(into: &writer)
        case .message(let body): writer.write(raw: body)
        case .request(let id, let method, let timeoutMS, let body):
            writer.write(id)
            writer.write(method)
            writer.write(timeoutMS)
            writer.write(raw: body)
        case .reply(let id, let body), .item(let id, let body):
            writer.write(id)
            writer.write(raw: body)
        case .failure(let id, let failure):
            writer.write(id)
            writer.write(failure.code)
            writer.write(raw: failure.body)
        case .openStream(let id, let method, let credit, let body):
            writer.write(id)
            writer.write(method)
            writer.write(credit)
            writer.write(raw: body)
        case .credit(let id, let byteCount):
            writer.write(id)
            writer.write(byteCount)
        case .cancel(let id), .endStream(let id), .ping(let id), .pong(let id):
            writer.write(id)
        }
        return writer.bytes
    }

    private enum Kind: UInt8 {
        case hello = 1
        case refusal, message, request, reply, failure, cancel
        case openStream, item, credit, endStream, ping, pong
    }

    private var kind: Kind {
        switch self {
        case .hello: .hello
        case .refusal: .refusal
        case .message: .message
        case .request: .request
        case .reply: .reply
        case .failure: .failure
        case .cancel: .cancel
        case .openStream: .openStream
        case .item: .item
        case .credit: .credit
        case .endStream: .endStream
        case .ping: .ping
        case .pong: .pong
        }
    }
}

// MARK: - Decoding

extension PeerFrame {
    /// Reads a payload whose length and checksum the transport has compared already.
    ///
    /// - Throws: ``ByteDecodingError`` for an unknown kind, missing fields, bytes left over where no
    ///   body belongs, a bad hello.
    package init(payload: [UInt8]) throws(ByteDecodingError) {
        var reader = ByteReader(payload)
        let number = try reader.integer(UInt8.self)
        guard let kind = Kind(rawValue: number) else {
            throw .invalid(what: "frame kind", value: UInt64(number))
        }
        switch kind {
        case .hello: self = .hello(try PeerHello(from: &reader))
        case .refusal: self = .refusal(try PeerRefusal(from: &reader))
        case .message: self = .message(try reader.rest())
        default: try self.init(kind, id: reader.integer(), &reader)
        }
        try reader.finish()
    }

    private init(_ kind: Kind, id: UInt64, _ reader: inout ByteReader) throws(ByteDecodingError) {
        switch kind {
        case .hello, .refusal, .message: preconditionFailure("\(kind) carries no id")
        case .request:
            self = .request(
                id: id,
                method: try reader.integer(),
                timeoutMS: try reader.integer(),
                body: try reader.rest()
            )
        case .reply: self = .reply(id: id, body: try reader.rest())
        case .failure:
            let code = try reader.integer(UInt8.self)
            self = .failure(id: id, PeerFailure(code: code, body: try reader.rest()))
        case .cancel: self = .cancel(id: id)
        case .openStream:
            self = .openStream(
                id: id,
                method: try reader.integer(),
                credit: try reader.integer(),
                body: try reader.rest()
            )
        case .item: self = .item(id: id, body: try reader.rest())
        case .credit: self = .credit(id: id, byteCount: try reader.integer())
        case .endStream: self = .endStream(id: id)
        case .ping: self = .ping(id)
        case .pong: self = .pong(id)
        }
    }
}

extension ByteReader {
    fileprivate mutating func rest() throws(ByteDecodingError) -> [UInt8] {
        Array(try raw(byteCountLeft))
    }
}
