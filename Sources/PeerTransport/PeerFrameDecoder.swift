// SPDX-License-Identifier: Apache-2.0
import Codecs
import NIOCore
package import Primitives

/// Why bytes on a connection are not frames.
package enum PeerFrameError: Error, Sendable, Equatable {
    /// Longer than allowed at this point. Both in bytes.
    case oversized(byteCount: Int, limit: Int)
    /// The payload's checksum is wrong.
    case damaged
    /// The payload is not a frame.
    case undecodable(ByteDecodingError)
}

/// Cuts a connection's bytes into frames.
///
/// Refuses by the length field alone, before any of an oversized frame is kept; a first frame may
/// be 4 KiB long and no longer, so a stranger cannot make us hold more than that.
struct PeerFrameDecoder: ByteToMessageDecoder {
    typealias InboundOut = PeerFrame

    private let longest: Int
    private var hasHello = false

    init(longest: Int) { self.longest = longest }

    mutating func decode(
        context: ChannelHandlerContext,
        buffer: inout ByteBuffer
    ) throws -> DecodingState {
        let start = buffer.readerIndex
        guard
            let byteCount = buffer.getInteger(at: start, endianness: .little, as: UInt32.self)
        else { return .needMoreData }
        let limit = hasHello ? longest : min(longest, PeerFrame.longestHello)
        guard byteCount <= limit else {
            throw PeerFrameError.oversized(byteCount: Int(byteCount), limit: limit)
        }
        guard buffer.readableBytes >= PeerFrame.headerByteCount + Int(byteCount),
            let checksum = buffer.getInteger(at: start + 4, endianness: .little, as: UInt32.self),
            let payload = buffer.getBytes(
                at: start + PeerFrame.headerByteCount,
                length: Int(byteCount)
            )
        else { return .needMoreData }
        buffer.moveReaderIndex(forwardBy: PeerFrame.headerByteCount + Int(byteCount))
        hasHello = true
        context.fireChannelRead(wrapInboundOut(try Self.frame(payload, checksum)))
        return .continue
    }

    mutating func decodeLast(
        context: ChannelHandlerContext,
        buffer: inout ByteBuffer,
        seenEOF: Bool
    ) throws -> DecodingState {
        // What is left when the connection ends is a frame cut short: dropped.
        while try decode(context: context, buffer: &buffer) == .continue {}
        return .needMoreData
    }

    private static func frame(_ payload: [UInt8], _ checksum: UInt32) throws -> PeerFrame {
        guard checksum == CRC32C.checksum(payload) else { throw PeerFrameError.damaged }
        do throws(ByteDecodingError) {
            return try PeerFrame(payload: payload)
        } catch {
            throw PeerFrameError.undecodable(error)
        }
    }
}
