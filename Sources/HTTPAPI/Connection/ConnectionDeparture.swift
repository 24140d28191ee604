// SPDX-License-Identifier: Apache-2.0
import Glibc
package import NIOCore
import NIOHTTP1
import Synchronization

/// Lets a connection go on at another loop with a request of which only the head was read.
///
///     staying ──head of a long call──▶ leaving ──the loop's next task──▶ left
///     no room ───────────────────────▶ what comes is kept                socket and bytes are taken on
///
/// In front of the HTTP codec, where bytes are as they came. Confined to the channel's event loop.
///
/// Invariants:
/// 1. The other loop is given exactly what this connection's client has sent since the answer before: either
///    all of it is in `unanswered`, at most `limit` bytes, or the connection stays.
/// 2. Every answer before was handed to the kernel whole.
package final class ConnectionDeparture: ChannelInboundHandler {
    package typealias InboundIn = ByteBuffer
    package typealias InboundOut = ByteBuffer

    package enum Beginning { case staying, leaving }

    private enum State { case reading, answering, leaving }

    /// What is taken on.
    let luggage = DepartedConnection()
    private var state: State
    /// What came since the last answer, until the head of the next request is known.
    private var unanswered = ByteBuffer()
    private var context: ChannelHandlerContext?
    private let limit: Int

    /// A connection that may stay, or one that leaves as soon as it is active.
    ///
    /// - Parameters:
    ///   - beginning: Which of the two.
    ///   - limit: Bytes that are taken along at most; of blank lines a parser lets any number pass.
    package init(_ beginning: Beginning, limit: Int) {
        state = beginning == .staying ? .reading : .leaving
        self.limit = limit
    }

    package func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    package func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    package func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        if state == .leaving { leave(context) }
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if state != .answering {
            var part = unwrapInboundIn(data)
            if unanswered.readableBytes == 0 {
                unanswered = part
            } else {
                unanswered.writeBuffer(&part)
            }
            if state == .reading, unanswered.readableBytes > limit { stay() }
        }
        if state != .leaving { context.fireChannelRead(data) }
    }

    // MARK: - Told by the assembler

    /// Whether nothing more is to be done here.
    var isLeaving: Bool { state == .leaving }

    /// Bytes that would be taken along now.
    package var keptByteCount: Int { unanswered.readableBytes }

    /// The request is answered here.
    func stay() {
        guard state == .reading else { return }
        state = .answering
        unanswered = ByteBuffer()
    }

    package func answerEnded() {
        if state == .answering { state = .reading }
    }

    /// Whether the connection leaves with the request that begins so.
    ///
    /// Of requests sent ahead, the codec may hold a beginning that was not read here; then what is here
    /// does not begin with the request line, and the connection stays.
    func leave(with head: HTTPRequestHead) -> Bool {
        guard state == .reading, let context, begins(with: head), hasSentAll(context.channel)
        else { return false }
        state = .leaving
        leave(context)
        return true
    }

    /// Not within this very read: the codec that it is called from is in the middle of it.
    private func leave(_ context: ChannelHandlerContext) {
        context.eventLoop.assumeIsolated().execute { [weak self] in self?.go() }
    }

    private func begins(with head: HTTPRequestHead) -> Bool {
        unanswered.readableBytesView.starts(with: "\(head.method.rawValue) \(head.uri) ".utf8)
    }

    /// Closing this channel would cut off what the client has not taken yet.
    private func hasSentAll(_ channel: any Channel) -> Bool {
        let waiting = try? channel.syncOptions?.getOption(.bufferedWritableBytes)
        return waiting == 0
    }

    private func go() {
        guard let context else { return }
        if context.channel.isActive, let socket = duplicate(context.channel) {
            luggage.pack(socket, unanswered)
        }
        unanswered = ByteBuffer()
        context.close(promise: nil)
    }

    /// The socket under a descriptor of its own, which this channel's end does not close.
    private func duplicate(_ channel: any Channel) -> NIOBSDSocket.Handle? {
        let copy = try? channel.pipeline.syncOperations.withUnsafeTransportIfAvailable(
            of: NIOBSDSocket.Handle.self
        ) { fcntl($0, F_DUPFD_CLOEXEC, 0) }
        return copy.flatMap { $0 >= 0 ? $0 : nil }
    }
}

/// A socket between two loops, with what was read from it and not answered.
///
/// Closed where nobody takes it on.
final class DepartedConnection: Sendable {
    private let luggage = Mutex<(socket: NIOBSDSocket.Handle, bytes: ByteBuffer)?>(nil)

    deinit {
        if let left = take() { _ = close(left.socket) }
    }

    /// Hands both over, once; `nil`: the connection has not left.
    func take() -> (socket: NIOBSDSocket.Handle, bytes: ByteBuffer)? {
        luggage.withLock { luggage in
            defer { luggage = nil }
            return luggage
        }
    }

    fileprivate func pack(_ socket: NIOBSDSocket.Handle, _ bytes: ByteBuffer) {
        luggage.withLock { $0 = (socket, bytes) }
    }
}

/// Gives a connection that has come from another loop what was read from it there.
///
/// First in the pipeline, and gone when it has.
final class ConnectionArrival: ChannelInboundHandler, RemovableChannelHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    private let bytes: ByteBuffer

    init(bytes: ByteBuffer) { self.bytes = bytes }

    func channelActive(context: ChannelHandlerContext) {
        // Nothing is read from the socket before this returns.
        context.fireChannelActive()
        if bytes.readableBytes > 0 {
            context.fireChannelRead(wrapInboundOut(bytes))
            context.fireChannelReadComplete()
        }
        context.pipeline.syncOperations.removeHandler(self, promise: nil)
    }
}
