// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// The frames that a gRPC client meets.
///
/// - Source: RFC 9113 §6. `CONTINUATION` is not among them: no head here fills a frame.
enum HTTP2FrameType: UInt8 {
    case data = 0
    case headers = 1
    case reset = 3
    case settings = 4
    case ping = 6
    case goAway = 7
    case windowUpdate = 8
}

enum HTTP2Flags {
    static let ack: UInt8 = 1
    static let endStream: UInt8 = 1
    static let endHeaders: UInt8 = 4
}

struct HTTP2Frame {
    let type: UInt8
    let flags: UInt8
    let stream: UInt32
    let payload: ByteBuffer
}

/// The head of a call, encoded once: it is the same for every request of a connection.
struct GRPCHead {
    let bytes: [UInt8]

    /// Literals without indexing, so that no block depends on another (RFC 7541 §6.2.2).
    init(path: String, authority: String) {
        var bytes: [UInt8] = [0x83, 0x86]  // :method POST, :scheme http
        func append(_ text: String) {
            bytes.append(UInt8(text.utf8.count))  // Below 127: one byte.
            bytes.append(contentsOf: text.utf8)
        }
        bytes.append(0x04)  // :path
        append(path)
        bytes.append(0x01)  // :authority
        append(authority)
        bytes.append(contentsOf: [0x0F, 0x10])  // content-type
        append("application/grpc")
        bytes.append(0x00)
        append("te")
        append("trailers")
        self.bytes = bytes
    }
}

extension ByteBuffer {
    mutating func writeFrameHead(
        _ type: HTTP2FrameType,
        flags: UInt8,
        stream: UInt32,
        byteCount: Int
    ) {
        writeInteger(UInt32(byteCount) << 8 | UInt32(type.rawValue))
        writeInteger(flags)
        writeInteger(stream)
    }

    mutating func writeFrame(
        _ type: HTTP2FrameType,
        flags: UInt8,
        stream: UInt32,
        _ payload: some Collection<UInt8>
    ) {
        writeFrameHead(type, flags: flags, stream: stream, byteCount: payload.count)
        writeBytes(payload)
    }

    /// The next whole frame, if it is there.
    mutating func readFrame() -> HTTP2Frame? {
        let start = readerIndex
        guard let head = readInteger(as: UInt32.self),
            let flags = readInteger(as: UInt8.self),
            let stream = readInteger(as: UInt32.self),
            let payload = readSlice(length: Int(head >> 8))
        else {
            moveReaderIndex(to: start)
            return nil
        }
        return HTTP2Frame(
            type: UInt8(truncatingIfNeeded: head),
            flags: flags,
            stream: stream & 0x7FFF_FFFF,
            payload: payload
        )
    }

    /// The next whole gRPC message, if it is there.
    mutating func readMessage() -> ByteBuffer? {
        let start = readerIndex
        guard readInteger(as: UInt8.self) != nil,
            let byteCount = readInteger(as: UInt32.self),
            let message = readSlice(length: Int(byteCount))
        else {
            moveReaderIndex(to: start)
            return nil
        }
        return message
    }
}
