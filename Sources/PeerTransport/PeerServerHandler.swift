// SPDX-License-Identifier: Apache-2.0
import Codecs
import NIOCore
import SystemIO

/// The accepting end of one connection.
///
///     connected ──hello──▶ accepted ──messages, requests, streams──▶ closed
///         └─ anything else, silence, a refusal ─────────────────────▶ closed
///
/// 1. Before the remote's hello is accepted nothing reaches the handler above.
/// 2. At most ``PeerLimits/requestsInFlight`` requests and ``PeerLimits/streamsInFlight`` streams
///    run, each with one task, cancelled at the latest when the connection ends.
/// 3. Answers not yet taken by the socket, pongs among them, are at most twice that many; a peer
///    that asks and does not read is cut off.
final class PeerServerHandler: ChannelInboundHandler {
    typealias InboundIn = PeerFrame
    typealias OutboundOut = ByteBuffer

    private struct Stream {
        let task: Task<Void, Never>
        let sink: PeerStreamSink
    }

    private let handler: any PeerRequestHandler
    private let counters: PeerCounterBox
    private let onClosed: () -> Void
    private var basics: PeerConnectionBasics
    private var handshake = PeerHandshake()
    private var requests: [UInt64: Task<Void, Never>] = [:]
    /// Of the requests, by their ids.
    private var deadlines: Deadlines<UInt64>?
    private var streams: [UInt64: Stream] = [:]
    private var unsentAnswers = 0

    init(
        handler: any PeerRequestHandler,
        limits: PeerLimits,
        counters: PeerCounterBox,
        onClosed: @escaping () -> Void
    ) {
        self.handler = handler
        self.counters = counters
        self.onClosed = onClosed
        basics = PeerConnectionBasics(limits: limits)
    }

    /// Tells the other end that this worker's hello has changed.
    func announce() {
        if handshake.remote != nil { basics.write(.hello(handler.hello())) }
    }

    // MARK: - Channel events

    func channelActive(context: ChannelHandlerContext) {
        basics.began(
            context,
            onDeadline: { [weak self] in self?.fail { $0.failedHandshakes += 1 } },
            onTick: { [weak self] in self?.tick() }
        )
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        basics.heard()
        let frame = unwrapInboundIn(data)
        switch (frame, handshake.remote) {
        case (.hello(let hello), _): greet(hello)
        case (_, let remote?): receive(frame, from: remote)
        case (_, nil): fail { $0.failedHandshakes += 1 }
        }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        let isHandshaken = handshake.remote != nil
        fail {
            if error is ChannelError || error is IOError { return }
            if isHandshaken { $0.protocolErrors += 1 } else { $0.failedHandshakes += 1 }
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        basics.ended()
        for task in requests.values { task.cancel() }
        deadlines?.endAll()
        for stream in streams.values { end(stream) }
        (requests, streams) = ([:], [:])
        onClosed()
    }

    private func tick() {
        let isSilent = basics.tick()
        // Before the handshake its own deadline counts.
        if isSilent, handshake.remote != nil { fail { $0.silent += 1 } }
    }

    private func fail(_ change: (inout PeerCounters) -> Void) {
        counters.count(change)
        basics.context?.close(promise: nil)
    }

    // MARK: - Frames

    private func greet(_ hello: PeerHello) {
        let isFirst = handshake.remote == nil
        let own = handler.hello()
        switch handshake.received(hello, own: own, accept: handler.accept) {
        case .refuse(let refusal):
            counters.count { $0.refused += 1 }
            basics.close(after: .refusal(refusal))
        case .accept where isFirst:
            counters.count { $0.connected += 1 }
            basics.handshaken()
            basics.write(.hello(own))
        case .accept: break
        }
    }

    private func receive(_ frame: PeerFrame, from remote: PeerHello) {
        switch frame {
        case .message(let body):
            counters.count { $0.messagesReceived += 1 }
            handler.message(body, from: remote)
        case .request(let id, let method, let timeoutMS, let body):
            start(id, method, timeoutMS, body, remote)
        case .openStream(let id, let method, let credit, let body):
            open(id, method, credit, body, remote)
        case .credit(let id, let byteCount): streams[id]?.sink.grant(Int(byteCount))
        case .cancel(let id): cancel(id)
        case .ping(let number): answer(.pong(number))
        case .hello, .refusal, .reply, .failure, .item, .endStream, .pong:
            fail { $0.protocolErrors += 1 }
        }
    }

    // MARK: - Requests

    private func start(
        _ id: UInt64,
        _ method: UInt8,
        _ timeoutMS: UInt32,
        _ body: [UInt8],
        _ remote: PeerHello
    ) {
        guard let loop = basics.context?.eventLoop, isNew(id) else { return }
        counters.count { $0.requests += 1 }
        guard requests.count < basics.limits.requestsInFlight else { return refuseBusy(id) }
        let me = NIOLoopBound(self, eventLoop: loop)
        let handler = handler
        let isBrief = basics.limits.briefMethods.contains(method)
        // One task a request: the handler above may wait for disks and other workers. Ends with it,
        // is cancelled by deadline, caller or connection.
        let task = Task(executorPreference: isBrief ? LoopExecutor(loop) : nil) {
            let reply = await handler.request(method, body, from: remote)
            loop.execute { me.value.finish(id, reply) }
        }
        requests[id] = task
        if deadlines == nil {
            deadlines = Deadlines(on: loop) { [weak self] id in self?.expire(id) }
        }
        deadlines?.set(id, at: loop.now + .milliseconds(Int64(timeoutMS)), id)
    }

    private func finish(_ id: UInt64, _ reply: PeerReply) {
        guard requests.removeValue(forKey: id) != nil else { return }
        deadlines?.end(id)
        let limit = basics.limits.bodyByteCount
        switch reply {
        case .success(let body) where body.count <= limit: answer(.reply(id: id, body: body))
        case .failure(let failure) where failure.body.count <= limit:
            answer(.failure(id: id, failure))
        case .success, .failure:
            answer(.failure(id: id, PeerFailure(code: PeerFailure.oversized)))
        }
    }

    private func expire(_ id: UInt64) {
        guard let task = requests.removeValue(forKey: id) else { return }
        task.cancel()
        answer(.failure(id: id, PeerFailure(code: PeerFailure.expired)))
    }

    private func cancel(_ id: UInt64) {
        if let task = requests.removeValue(forKey: id) {
            deadlines?.end(id)
            task.cancel()
        }
        if let stream = streams.removeValue(forKey: id) { end(stream) }
    }

    /// An id in use would let one answer stand for two questions.
    private func isNew(_ id: UInt64) -> Bool {
        guard requests[id] == nil, streams[id] == nil else {
            fail { $0.protocolErrors += 1 }
            return false
        }
        return true
    }

    private func refuseBusy(_ id: UInt64) {
        counters.count { $0.overloads += 1 }
        answer(.failure(id: id, PeerFailure(code: PeerFailure.busy)))
    }

    /// Writes an answer and counts it until the socket has taken it (invariant 3).
    private func answer(_ frame: PeerFrame) {
        guard let context = basics.context else { return }
        let limit = 2 * (basics.limits.requestsInFlight + basics.limits.streamsInFlight)
        guard unsentAnswers < limit else { return fail { $0.overloads += 1 } }
        unsentAnswers += 1
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.assumeIsolated().whenComplete { [weak self] _ in
            self?.unsentAnswers -= 1
        }
        basics.write(frame, promise: promise)
    }

    // MARK: - Streams

    private func open(
        _ id: UInt64,
        _ method: UInt8,
        _ credit: UInt32,
        _ body: [UInt8],
        _ remote: PeerHello
    ) {
        guard let loop = basics.context?.eventLoop, isNew(id) else { return }
        guard streams.count < basics.limits.streamsInFlight else { return refuseBusy(id) }
        let me = NIOLoopBound(self, eventLoop: loop)
        let sink = PeerStreamSink(
            credit: Int(credit),
            window: basics.limits.streamWindow,
            longestItem: basics.limits.bodyByteCount
        ) { item in
            loop.execute { me.value.write(id, item) }
        }
        let handler = handler
        // One task a stream, which mostly waits; ends with it, is cancelled by caller or connection.
        let task = Task {
            let failure = await handler.stream(method, body, from: remote, into: sink)
            loop.execute { me.value.finishStream(id, failure) }
        }
        streams[id] = Stream(task: task, sink: sink)
    }

    private func write(_ id: UInt64, _ item: [UInt8]) {
        guard let stream = streams[id], let context = basics.context else { return }
        let promise = context.eventLoop.makePromise(of: Void.self)
        promise.futureResult.whenComplete { _ in stream.sink.sent(item.count) }
        basics.write(.item(id: id, body: item), promise: promise)
    }

    private func finishStream(_ id: UInt64, _ failure: PeerFailure?) {
        guard streams.removeValue(forKey: id) != nil else { return }
        answer(failure.map { .failure(id: id, $0) } ?? .endStream(id: id))
    }

    private func end(_ stream: Stream) {
        stream.sink.close()
        stream.task.cancel()
    }
}
