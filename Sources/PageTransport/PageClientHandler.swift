// SPDX-License-Identifier: Apache-2.0
import Codecs
import NIOCore
import Primitives

/// One connection of a page client: calls in, requests out, replies to the calls.
///
/// Invariants:
/// 1. At most `limits.requestCount` requests, for at most `limits.replyByteCount` bytes of pages and
///    one more, are on the wire; the rest waits in order.
/// 2. A call is on the wire, or waits, or is finished; the end of the connection finishes all.
/// 3. A request on the wire of which nothing was heard for `limits.silence` is finished as silent.
///    While a frame is arriving nobody is silent: the others' replies queue up behind it.
/// 4. A connection on which nothing at all was heard for `limits.quiet`, though something was due and
///    the worker was asked whether it is there, is dead, and closed.
///
/// Lives on the event loop of its channel.
final class PageClientHandler: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    private struct Sent {
        let call: PageCall
        let replyByteCount: Int
        var lastHeard: NIODeadline
    }

    private let hello: PageClientHello
    private let limits: PageClientLimits
    /// Completed with the worker's welcome, or with why there was none.
    let opened: EventLoopPromise<PageServerWelcome>

    private var accumulator = FrameAccumulator(frameLimit: PageProtocol.maximumReplyByteCount)
    private var isOpen = false
    private var end: PageClientError?
    private var onWire: [UInt64: Sent] = [:]
    private var onWireByteCount = 0
    private var waiting = CircularBuffer<PageCall>()
    private var lastID: UInt64 = 0
    private var pulse: ConnectionPulse
    private var context: ChannelHandlerContext?
    private var helloDeadline: Scheduled<Void>?
    private var watch: Scheduled<Void>?

    init(
        hello: PageClientHello,
        limits: PageClientLimits,
        opened: EventLoopPromise<PageServerWelcome>
    ) {
        self.hello = hello
        self.limits = limits
        self.opened = opened
        pulse = ConnectionPulse(limit: limits.quiet, now: .now())
    }

    // MARK: - Calls

    /// Sends the request of a call, now or when it is its turn.
    func submit(_ call: PageCall) {
        if let end { return call.finish(.failure(end)) }
        guard waiting.count < limits.waitingCount else { return call.finish(.failure(.overloaded)) }
        waiting.append(call)
        sendWaiting()
    }

    /// Makes room where calls were finished by their callers.
    func forgetFinished() {
        for id in onWire.keys.sorted() where onWire[id]?.call.isFinished == true {
            take(id)
        }
        waiting.removeAll { $0.isFinished }
        sendWaiting()
    }

    // MARK: - Channel events

    func handlerAdded(context: ChannelHandlerContext) {
        self.context = context
        if context.channel.isActive { greet(context) }
    }

    func channelActive(context: ChannelHandlerContext) {
        greet(context)
        context.fireChannelActive()
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        accumulator.append(unwrapInboundIn(data))
        pulse.restart(now: .now())
        do {
            if !isOpen { try takeGreeting() }
            while isOpen, let frame = try accumulator.nextFrame() { try take(frame) }
            if accumulator.byteCount > 0 { everybodyIsHeard() }
        } catch {
            fail(.protocolViolation("\(error)"))
        }
    }

    func channelReadComplete(context: ChannelHandlerContext) {
        sendWaiting()
        context.fireChannelReadComplete()
    }

    func channelInactive(context: ChannelHandlerContext) {
        fail(.disconnected)
        context.fireChannelInactive()
    }

    func handlerRemoved(context: ChannelHandlerContext) {
        fail(.disconnected)
        self.context = nil
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        fail(.disconnected)
    }

    // MARK: - Hello

    private func greet(_ context: ChannelHandlerContext) {
        guard helloDeadline == nil, end == nil else { return }
        helloDeadline = context.eventLoop.assumeIsolated().scheduleTask(in: limits.quiet) {
            if !self.isOpen { self.fail(.silent) }
        }
        let bytes = context.channel.allocator.buffer(bytes: hello.encoded)
        context.writeAndFlush(wrapOutboundOut(bytes), promise: nil)
    }

    private func takeGreeting() throws {
        guard let bytes = try accumulator.nextGreeting() else { return }
        switch try PageServerHello(decoding: bytes) {
        case .refused(let reason): fail(.refused(reason))
        case .welcome(let welcome):
            if let reason = welcome.objection(to: hello) { return fail(.refused(reason)) }
            isOpen = true
            helloDeadline?.cancel()
            opened.succeed(welcome)
            sendWaiting()
        }
    }

    // MARK: - Requests

    private func sendWaiting() {
        guard isOpen, let context else { return }
        var hasWritten = false
        while onWire.count < limits.requestCount, onWireByteCount < limits.replyByteCount,
            let call = waiting.popFirst()
        {
            guard !call.isFinished else { continue }
            hasWritten = true
            write(call, context)
        }
        guard hasWritten else { return }
        context.flush()
        if watch == nil { scheduleWatch(context) }
    }

    private func write(_ call: PageCall, _ context: ChannelHandlerContext) {
        lastID += 1
        let bytes = call.request.encoded(id: lastID)
        guard bytes.count - PageProtocol.lengthByteCount <= PageProtocol.maximumRequestByteCount
        else {
            return call.finish(
                .failure(.protocolViolation("a request of \(bytes.count) bytes is too long"))
            )
        }
        context.write(
            wrapOutboundOut(context.channel.allocator.buffer(bytes: bytes)),
            promise: nil
        )
        guard call.request.isAnswered else { return call.finish(.success(.sent)) }
        if onWire.isEmpty { pulse.restart(now: .now()) }
        let byteCount = call.request.replyByteCount
        onWire[lastID] = Sent(call: call, replyByteCount: byteCount, lastHeard: .now())
        onWireByteCount += byteCount
    }

    // MARK: - Replies

    private func take(_ frame: FrameAccumulator.Frame) throws {
        let (head, bytes) = try Self.decode(frame)
        // A reply to a call that was given up is not for anybody.
        guard let sent = onWire[frame.id] else { return }
        if head == .filling {
            onWire[frame.id]?.lastHeard = .now()
            if case .answer = sent.call.whileFilling {
                take(frame.id)
                sent.call.finish(.success(.filling))
            }
            return
        }
        take(frame.id)
        sent.call.finish(Self.outcome(of: sent.call.request, head, bytes))
    }

    private static func decode(
        _ frame: FrameAccumulator.Frame
    ) throws -> (head: PageReplyHead, bytes: ByteBuffer) {
        var body = frame.body
        let isPage = PageReplyHead.isPage(kind: frame.kind)
        let headByteCount = isPage ? PageReplyHead.pagePreludeByteCount : body.readableBytes
        let head = body.readBytes(length: headByteCount) ?? []
        return (try PageReplyHead(kind: frame.kind, decoding: head), body)
    }

    /// Compares what came with what was asked for, the bytes of a page with their checksum.
    private static func outcome(
        of request: PageRequest,
        _ head: PageReplyHead,
        _ bytes: ByteBuffer
    ) -> PageCall.Outcome {
        switch (request, head) {
        case (_, .failure(let failure)): return .failure(.failed(failure))
        case (.read(let read), .page(let checksum, let source, let copies)):
            guard bytes.readableBytes == read.range.count else {
                return .failure(
                    .protocolViolation(
                        "\(bytes.readableBytes) bytes came for a range of \(read.range.count)"
                    )
                )
            }
            guard pageChecksum(of: bytes) == checksum else { return .failure(.corrupt) }
            return .success(
                .reply(.page(bytes, checksum: checksum, source: source, copies: copies))
            )
        case (.read, .miss): return .success(.reply(.miss))
        case (.read, .evicted): return .success(.reply(.evicted))
        case (.attributes, .attributes(let attributes)):
            return .success(.reply(.attributes(attributes)))
        case (.list, .directory(let directory)):
            return .success(.reply(.directory(directory)))
        case (.capacity, .capacity(let total, let used)):
            return .success(.reply(.capacity(total: total, used: used)))
        case (.ping, .pong): return .success(.reply(.pong))
        case (.offer(let offer), .offered(let verdicts)) where verdicts.count == offer.pageCount:
            return .success(.reply(.offered(verdicts)))
        case (.holdings, .holdings(let byteCount)):
            return .success(.reply(.holdings(byteCount: byteCount)))
        default: return .failure(.protocolViolation("the answer is of another kind"))
        }
    }

    private func take(_ id: UInt64) {
        guard let sent = onWire.removeValue(forKey: id) else { return }
        onWireByteCount -= sent.replyByteCount
    }

    // MARK: - Silence and the end

    private func everybodyIsHeard() {
        let now = NIODeadline.now()
        for id in Array(onWire.keys) { onWire[id]?.lastHeard = now }
    }

    private func scheduleWatch(_ context: ChannelHandlerContext) {
        let interval = TimeAmount.nanoseconds(min(limits.silence, limits.quiet).nanoseconds / 8)
        watch = context.eventLoop.assumeIsolated().scheduleTask(in: interval) {
            self.dropSilent()
        }
    }

    private func dropSilent() {
        watch = nil
        guard end == nil, let context else { return }
        switch pulse.verdict(now: .now()) {
        case .fine: break
        case .ask: askWhetherThere(context)
        case .gone: return fail(.silent)  // invariant 4
        }
        let limit = NIODeadline.now() - limits.silence
        let silent = onWire.keys.sorted().filter {
            onWire[$0].map { $0.lastHeard <= limit } ?? false
        }
        for id in silent {
            let call = onWire[id]?.call
            take(id)
            call?.finish(.failure(.silent))
        }
        sendWaiting()
        if !onWire.isEmpty, watch == nil { scheduleWatch(context) }
    }

    /// The answer is nobody's: it is enough that it comes.
    private func askWhetherThere(_ context: ChannelHandlerContext) {
        lastID += 1
        let bytes = PageRequest.ping.encoded(id: lastID)
        let buffer = context.channel.allocator.buffer(bytes: bytes)
        context.writeAndFlush(wrapOutboundOut(buffer), promise: nil)
    }

    private func fail(_ error: PageClientError) {
        guard end == nil else { return }
        end = error
        helloDeadline?.cancel()
        watch?.cancel()
        let calls = onWire.keys.sorted().compactMap { onWire[$0]?.call } + Array(waiting)
        onWire = [:]
        waiting = []
        if !isOpen { opened.fail(error) }
        isOpen = false
        for call in calls { call.finish(.failure(error)) }
        context?.close(promise: nil)
    }
}

/// CRC32C of the readable bytes.
func pageChecksum(of buffer: ByteBuffer) -> UInt32 {
    // Safe because the callee only reads within the buffer and keeps nothing.
    unsafe buffer.withUnsafeReadableBytes { unsafe CRC32C.checksum($0) }
}
