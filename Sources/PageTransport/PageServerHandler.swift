// SPDX-License-Identifier: Apache-2.0
package import Codecs
package import NIOCore
package import Primitives

/// One connection of a page server: bytes in, requests to the handler, replies out.
///
///     opening --hello--> open --garbage, stall, client gone--> closed
///        \--stranger, one too many--> refused --client gone, deadline--> closed
///
/// Invariants:
/// 1. At most `limits.requestCount` requests, for at most `limits.replyByteCount` bytes of pages and
///    one more, are in flight: read, but the answer not yet taken by the kernel.
/// 2. While that is so nothing more is read from the socket: the client's TCP stops it.
/// 3. Each request in flight is answered once; its notices come before.
///
/// Lives on the event loop of its channel; others reach it through ``PageReplyWriter``.
package final class PageServerHandler: ChannelDuplexHandler {
    package typealias InboundIn = ByteBuffer
    package typealias OutboundIn = ByteBuffer
    package typealias OutboundOut = ByteBuffer

    enum Phase {
        case opening
        case open(PageClientDescription)
        /// The reason is sent; what still comes is read and dropped, because closing over unread
        /// bytes makes the kernel reset the connection and takes the reason along.
        case refused
        case closed
    }

    struct InFlight {
        let replyByteCount: Int
        var isFilling = false
    }

    private let welcome: PageServerWelcome
    private let ancestors: [ClusterID]
    let limits: PageServerLimits
    let counters: PageServerCounters
    private let requestHandler: any PageRequestHandler

    var phase = Phase.opening
    var accumulator = FrameAccumulator(frameLimit: PageProtocol.maximumRequestByteCount)
    var inFlight: [UInt64: InFlight] = [:]
    private var inFlightByteCount = 0
    /// Answers handed to the channel that the kernel has not taken yet.
    var unsentCount = 0
    private var hasDeferredRead = false
    private var isDraining = false
    var hasUnflushed = false
    var context: ChannelHandlerContext?
    var deadline: Scheduled<Void>?
    var stall: Scheduled<Void>?
    var notices: Scheduled<Void>?

    /// - Parameters:
    ///   - welcome: What a client is told that is served.
    ///   - ancestors: Clusters that this worker's goes on from: their clients are served as well.
    ///   - limits: Bounds of this connection, and of all together.
    ///   - counters: Shared by all connections of a server.
    ///   - requestHandler: Who answers.
    package init(
        welcome: PageServerWelcome,
        ancestors: [ClusterID] = [],
        limits: PageServerLimits,
        counters: PageServerCounters,
        requestHandler: any PageRequestHandler
    ) {
        self.welcome = welcome
        self.ancestors = ancestors
        self.limits = limits
        self.counters = counters
        self.requestHandler = requestHandler
    }

    // MARK: - Channel events

    package func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { begin(context) }
    }

    package func channelActive(context: ChannelHandlerContext) {
        begin(context)
        context.fireChannelActive()
    }

    package func channelInactive(context: ChannelHandlerContext) {
        end()
        context.fireChannelInactive()
    }

    package func handlerRemoved(context: ChannelHandlerContext) {
        end()
        self.context = nil
    }

    package func errorCaught(context: ChannelHandlerContext, error: any Error) {
        // A connection that broke: its end is all there is to say.
        context.close(promise: nil)
    }

    package func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        if case .refused = phase { return }
        accumulator.append(unwrapInboundIn(data))
        drain()
    }

    package func channelReadComplete(context: ChannelHandlerContext) {
        flush()
        context.fireChannelReadComplete()
    }

    package func read(context: ChannelHandlerContext) {
        if hasRoom {
            context.read()
        } else {
            hasDeferredRead = true  // invariant 2
        }
    }

    // MARK: - From the reply writers

    func beginFilling(_ id: UInt64) {
        guard let request = inFlight[id], !request.isFilling, let context else { return }
        inFlight[id]?.isFilling = true
        send(.filling, id: id)
        flush()
        if notices == nil { scheduleNotices(context) }
    }

    func complete(_ id: UInt64, with reply: PageReply) {
        guard let request = inFlight.removeValue(forKey: id), let context else { return }
        if !inFlight.values.contains(where: \.isFilling) { stopNotices() }
        let promise = context.eventLoop.makePromise(of: Void.self)
        unsentCount += 1
        promise.futureResult.assumeIsolated().whenComplete { _ in
            self.replyLeft(byteCount: request.replyByteCount)
        }
        switch reply {
        case .page(let bytes, _, _, _):
            let head = Self.head(of: reply)
            write(head.encoded(id: id, followedBy: bytes.readableBytes), promise: nil)
            context.write(wrapOutboundOut(bytes), promise: promise)
            hasUnflushed = true
        default: write(Self.head(of: reply).encoded(id: id), promise: promise)
        }
        // Answers given while requests are read leave together.
        if !isDraining { flush() }
    }

    static func head(of reply: PageReply) -> PageReplyHead {
        switch reply {
        case .page(_, let checksum, let source, let copies):
            .page(checksum: checksum, source: source, copies: copies)
        case .miss: .miss
        case .evicted: .evicted
        case .attributes(let attributes): .attributes(attributes)
        case .directory(let directory): .directory(directory)
        case .capacity(let total, let used): .capacity(total: total, used: used)
        case .pong: .pong
        case .offered(let verdicts): .offered(verdicts)
        case .holdings(let byteCount): .holdings(byteCount: byteCount)
        case .failure(let failure): .failure(failure)
        }
    }

    // MARK: - Reading

    var hasRoom: Bool {
        inFlight.count + unsentCount < limits.requestCount
            && inFlightByteCount < limits.replyByteCount
    }

    /// Takes from what has arrived as much as there is room for.
    private func drain() {
        guard !isDraining else { return }
        isDraining = true
        defer { isDraining = false }
        do {
            if case .opening = phase { try greet() }
            while case .open(let client) = phase, hasRoom,
                let frame = try accumulator.nextFrame()
            {
                try take(frame, from: client)
            }
            watchForStall()
        } catch {
            counters.note { $0.malformedCount += 1 }
            close()
        }
    }

    private func greet() throws {
        guard let bytes = try accumulator.nextGreeting() else { return }
        let hello = try PageClientHello(decoding: bytes)
        deadline?.cancel()
        let welcome =
            ancestors.contains(hello.cluster) ? welcome.speaking(for: hello.cluster) : welcome
        if let reason = welcome.objection(to: hello) { return refuse(reason) }
        write(PageServerHello.welcome(welcome).encoded, promise: nil)
        phase = .open(PageClientDescription(name: hello.name))
    }

    private func take(_ frame: FrameAccumulator.Frame, from client: PageClientDescription) throws {
        let request = try PageRequest(
            kind: frame.kind,
            decoding: Array(frame.body.readableBytesView)
        )
        guard let context else { return }
        stall?.cancel()
        stall = nil
        if request.isAnswered {
            let byteCount = request.replyByteCount
            guard inFlight.updateValue(InFlight(replyByteCount: byteCount), forKey: frame.id) == nil
            else { throw ByteDecodingError.invalid(what: "request id in use", value: frame.id) }
            inFlightByteCount += byteCount
        }
        counters.note { $0.requestCount += 1 }
        let writer = PageReplyWriter(
            eventLoop: context.eventLoop,
            handler: NIOLoopBound(self, eventLoop: context.eventLoop),
            id: frame.id,
            isAnswered: !request.isAnswered
        )
        requestHandler.handle(request, from: client, reply: writer)
    }

    /// An answer was taken by the kernel, or the connection is gone: there is room again.
    private func replyLeft(byteCount: Int) {
        inFlightByteCount -= byteCount
        unsentCount -= 1
        stall?.cancel()
        stall = nil
        guard hasRoom, let context, case .open = phase else { return }
        drain()
        flush()
        if hasDeferredRead, hasRoom {
            hasDeferredRead = false
            context.read()
        }
    }
}
