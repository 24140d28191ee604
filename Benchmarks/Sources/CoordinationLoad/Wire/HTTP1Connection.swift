// SPDX-License-Identifier: Apache-2.0
import NIOCore

/// A lean HTTP/1.1 client on one connection: one request at a time.
///
/// Understands what Tarn sends: a status line, `Content-Length` or chunks. Not a general client: a
/// load driver has to cost the machine less than what it drives.
final class HTTP1Connection: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    /// What arrives for one request.
    enum Part {
        /// The head was read; whatever the status, a body may follow.
        case head(status: Int)
        case body(ByteBuffer)
        case end
        /// The connection ended, or what came cannot be read.
        case lost
    }

    private enum State {
        case head
        case body(left: Int)
        case chunkHead
        case chunk(left: Int)
        case chunkEnd(isLast: Bool)
    }

    private var context: ChannelHandlerContext?
    private var received = ByteBuffer()
    private var state = State.head
    private var consumer: ((Part) -> Void)?

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func channelInactive(context: ChannelHandlerContext) {
        self.context = nil
        finish(.lost)
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        context.close(promise: nil)
    }

    func send(_ request: ByteBuffer, _ consumer: @escaping (Part) -> Void) {
        guard let context, self.consumer == nil else { return consumer(.lost) }
        self.consumer = consumer
        context.writeAndFlush(wrapOutboundOut(request), promise: nil)
    }

    func close() { context?.close(promise: nil) }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        var bytes = unwrapInboundIn(data)
        received.writeBuffer(&bytes)
        while advance() {}
        if received.readableBytes == 0 { received.clear() }
    }

    // MARK: - Parsing

    /// Reads one more piece; `false` when more bytes are needed first.
    private func advance() -> Bool {
        switch state {
        case .head:
            return readHead()
        case .body(let left):
            guard let part = take(atMost: left) else { return false }
            state = .body(left: left - part.readableBytes)
            consumer?(.body(part))
            if part.readableBytes == left { finish(.end) }
            return true
        case .chunkHead:
            guard let line = takeLine() else { return false }
            guard let size = Int(line, radix: 16) else { return fail() }
            state = size == 0 ? .chunkEnd(isLast: true) : .chunk(left: size)
            return true
        case .chunk(let left):
            guard let part = take(atMost: left) else { return false }
            state =
                part.readableBytes == left
                ? .chunkEnd(isLast: false) : .chunk(left: left - part.readableBytes)
            consumer?(.body(part))
            return true
        case .chunkEnd(let isLast):
            guard takeLine() != nil else { return false }
            state = .chunkHead
            if isLast { finish(.end) }
            return true
        }
    }

    private func readHead() -> Bool {
        let view = received.readableBytesView
        guard let end = Self.endOfHead(view) else { return false }
        guard let head = received.readString(length: end - view.startIndex) else { return fail() }
        let lines = head.split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        guard words.count >= 2, let status = Int(words[1]) else { return fail() }
        state = .chunkHead
        for line in lines.dropFirst() where line.utf8.first.map({ $0 | 32 }) == UInt8(ascii: "c") {
            let field = line.split(separator: ":", maxSplits: 1)
            guard field.count == 2, field[0].lowercased() == "content-length" else { continue }
            guard let length = Int(field[1].drop { $0 == " " }) else { return fail() }
            state = .body(left: length)
        }
        consumer?(.head(status: status))
        if case .body(0) = state { finish(.end) }
        return true
    }

    private static func endOfHead(_ view: ByteBufferView) -> Int? {
        var index = view.startIndex
        while let feed = view[index...].firstIndex(of: 10) {
            if feed >= view.startIndex + 3, view[feed - 2] == 10 { return feed + 1 }
            index = feed + 1
        }
        return nil
    }

    private func take(atMost count: Int) -> ByteBuffer? {
        received.readableBytes == 0
            ? nil : received.readSlice(length: min(count, received.readableBytes))
    }

    private func takeLine() -> String? {
        let view = received.readableBytesView
        guard let feed = view.firstIndex(of: 10) else { return nil }
        let line = received.readString(length: feed - view.startIndex)
        received.moveReaderIndex(forwardBy: 1)
        return line.map { String($0.dropLast()) }
    }

    private func fail() -> Bool {
        close()
        finish(.lost)
        return false
    }

    private func finish(_ part: Part) {
        state = .head
        let consumer = consumer.take()
        consumer?(part)
    }
}
