// SPDX-License-Identifier: Apache-2.0
import NIOCore
import NIOHPACK

/// A lean gRPC client on one HTTP/2 connection.
///
/// As lean as ``HTTP1Connection``, so that neither store pays for its driver: request heads are bytes
/// made once, windows are opened wide at the beginning, and only what a server must be answered is
/// answered (`SETTINGS`, `PING`).
///
/// - Source: RFC 9113 §§3.4, 4.1, 6; the gRPC project's "gRPC over HTTP2".
final class GRPCConnection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What arrives for one call.
    enum Part {
        case message(ByteBuffer)
        /// The call ended with this status; 0 is success.
        case end(status: Int, message: String)
        case lost
    }

    private struct Stream {
        var received = ByteBuffer()
        let consumer: (Part) -> Void
    }

    private var context: ChannelHandlerContext?
    private var received = ByteBuffer()
    private var decoder = HPACKDecoder(allocator: ByteBufferAllocator())
    private var streams: [UInt32: Stream] = [:]
    private var nextStream: UInt32 = 1
    /// Bytes that the server still takes on the connection.
    ///
    /// A stream's own window is never full: a call is far below it.
    private var window = 65_535

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        let open = streams.values
        streams = [:]
        for stream in open { stream.consumer(.lost) }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func close() { context?.close(promise: nil) }

    /// Sends one request message; for a watch the stream stays open on our side.
    func send(
        _ head: GRPCHead,
        _ message: [UInt8],
        keepsOpen: Bool = false,
        _ consumer: @escaping (Part) -> Void
    ) {
        let byteCount = message.count + 5
        guard let context, window >= byteCount else { return consumer(.lost) }
        window -= byteCount
        let stream = nextStream
        nextStream += 2
        streams[stream] = Stream(consumer: consumer)

        var out = context.channel.allocator.buffer(capacity: head.bytes.count + byteCount + 82)
        if stream == 1 { writePreface(to: &out) }
        out.writeFrame(.headers, flags: HTTP2Flags.endHeaders, stream: stream, head.bytes)
        out.writeFrameHead(
            .data,
            flags: keepsOpen ? 0 : HTTP2Flags.endStream,
            stream: stream,
            byteCount: byteCount
        )
        out.writeInteger(UInt8(0))  // Not compressed.
        out.writeInteger(UInt32(message.count))
        out.writeBytes(message)
        context.writeAndFlush(wrapOutboundOut(out), promise: nil)
    }

    /// Ahead of the first call: the windows, wide enough for a run, so that none is ever updated.
    private func writePreface(to out: inout ByteBuffer) {
        let wide = UInt32(Int32.max)
        out.writeStaticString("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n")
        out.writeFrameHead(.settings, flags: 0, stream: 0, byteCount: 6)
        out.writeInteger(UInt16(4))  // SETTINGS_INITIAL_WINDOW_SIZE
        out.writeInteger(wide)
        out.writeFrameHead(.windowUpdate, flags: 0, stream: 0, byteCount: 4)
        out.writeInteger(wide - 65_535)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        received.writeBuffer(&bytes)
        do {
            while let frame = received.readFrame() { try handle(frame, context) }
        } catch {
            context.close(promise: nil)
        }
        if received.readableBytes == 0 { received.clear() }
    }

    // MARK: - Frames

    private func handle(_ frame: HTTP2Frame, _ context: ChannelHandlerContext) throws {
        var payload = frame.payload
        switch HTTP2FrameType(rawValue: frame.type) {
        case .data:
            receive(&payload, on: frame.stream)
        case .headers:
            try receiveHead(&payload, frame)
        case .settings where frame.flags & HTTP2Flags.ack == 0:
            acknowledge(.settings, ByteBuffer(), context)
        case .ping where frame.flags & HTTP2Flags.ack == 0:
            acknowledge(.ping, payload, context)
        case .windowUpdate where frame.stream == 0:
            window += Int(payload.readInteger(as: UInt32.self) ?? 0)
        case .reset:
            streams.removeValue(forKey: frame.stream)?
                .consumer(.end(status: 14, message: "the stream was reset"))
        case .goAway:
            context.close(promise: nil)
        case .settings, .ping, .windowUpdate, nil:
            break
        }
    }

    private func acknowledge(
        _ type: HTTP2FrameType,
        _ payload: ByteBuffer,
        _ context: ChannelHandlerContext
    ) {
        var out = context.channel.allocator.buffer(capacity: 17)
        out.writeFrame(type, flags: HTTP2Flags.ack, stream: 0, payload.readableBytesView)
        context.writeAndFlush(wrapOutboundOut(out), promise: nil)
    }

    private func receive(_ payload: inout ByteBuffer, on id: UInt32) {
        guard var stream = streams.removeValue(forKey: id) else { return }
        stream.received.writeBuffer(&payload)
        var messages: [ByteBuffer] = []
        while let message = stream.received.readMessage() { messages.append(message) }
        let consumer = stream.consumer
        streams[id] = stream
        for message in messages { consumer(.message(message)) }
    }

    /// A response's head or its trailers; every block must be decoded, for its effect on the table.
    private func receiveHead(_ block: inout ByteBuffer, _ frame: HTTP2Frame) throws {
        let headers = try decoder.decodeHeaders(from: &block)
        guard frame.flags & HTTP2Flags.endStream != 0,
            let stream = streams.removeValue(forKey: frame.stream)
        else { return }
        let status = headers.first(name: "grpc-status").flatMap { Int($0) } ?? 2
        stream.consumer(
            .end(status: status, message: headers.first(name: "grpc-message") ?? "")
        )
    }
}
