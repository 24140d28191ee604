// SPDX-License-Identifier: Apache-2.0
import Glibc
import NIOCore
import NIOHTTP1
import Synchronization

/// Lets a connection go on at another loop with a request of which only the head was read.
///
///     staying ──head of a long call──▶ leaving ──the loop's next task──▶ left
///     no room ───────────────────────▶ what comes is kept                socket and bytes are taken on
///
/// In front of the HTTP codec, where bytes are as they came. Confined to the channel's event loop.
///
/// Invariant: the other loop is given exactly what this connection's client has sent since the answer
/// before: either all of it is in `unanswered`, or the connection stays.
final class ConnectionDeparture: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias InboundOut = ByteBuffer

    enum Beginning { case staying, leaving }

    private enum State { case reading, answering, leaving }

    /// What is taken on.
    let luggage = DepartedConnection()
    private var state: State
    /// What came since the last answer, until the head of the next request is known.
    private var unanswered = ByteBuffer()
    private var context: ChannelHandlerContext?

    /// A connection that may stay, or one that leaves as soon as it is active.
    init(_ beginning: Beginning) { state = beginning == .staying ? .reading : .leaving }

    func handlerAdded(context: ChannelHandlerContext) { self.context = context }

    func handlerRemoved(context: ChannelHandlerContext) { self.context = nil }

    func channelActive(context: ChannelHandlerContext) {
        context.fireChannelActive()
        if state == .leaving { leave(context) }
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if state != .answering {
            var part = unwrapInboundIn(data)
            if unanswered.readableBytes == 0 {
                unanswered = part
            } else {
                unanswered.writeBuffer(&part)
            }
        }
        if state != .leaving { context.fireChannelRead(data) }
    }

    // MARK: - Told by the assembler

    /// Whether nothing more is to be done here.
    var isLeaving: Bool { state == .leaving }

    /// The request is answered here.
    func stay() {
        guard state == .reading else { return }
        state = .answering
        unanswered = ByteBuffer()
    }

    func answerEnded() {
        if state == .answering { state = .reading }
    }

    /// Whether the connection leaves with the request that begins so.
    ///
    /// Of requests sent ahead, the codec may hold a beginning that was not read here; then what is here
    /// does not begin with the request line, and the connection stays.
    func leave(with head: HTTPRequestHead) -> Bool {
        guard state == .reading, let context, begins(with: head) else { return false }
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
