// SPDX-License-Identifier: Apache-2.0
import Codecs
import Glibc
import NIOCore

/// The connecting end of one connection.
///
///     connected, hello sent ──hello──▶ ready ──frames──▶ closed, once, with its reason
///
/// 1. Nothing but the hello is written before the remote's hello is accepted.
/// 2. Every call handed over is answered exactly once: by its frame, or by the close.
final class PeerClientHandler: ChannelInboundHandler {
    typealias InboundIn = PeerFrame
    typealias OutboundOut = ByteBuffer

    /// What the owner of the connection hears; all on the connection's event loop.
    struct Events {
        /// The remote's hello was accepted, at first and after each change.
        let ready: (PeerClientHandler, PeerHello) -> Void
        /// Bytes came.
        let heard: (NIODeadline) -> Void
        /// There is room for messages again.
        let writable: () -> Void
        /// The end; no event follows.
        let closed: (PeerError) -> Void
    }

    private let address: PeerAddress
    private let own: () -> PeerHello
    private let accept: (PeerHello) -> PeerAdmission
    private let counters: PeerCounterBox
    private let events: Events
    private var basics: PeerConnectionBasics
    private var handshake = PeerHandshake()
    private var replies: [UInt64: (Result<[UInt8], PeerError>) -> Void] = [:]
    private var streams: [UInt64: PeerStreamInbox] = [:]
    private var lastUse: NIODeadline = .distantPast
    private var pings: UInt64 = 0
    private var reason: PeerError?

    init(
        address: PeerAddress,
        own: @escaping () -> PeerHello,
        accept: @escaping (PeerHello) -> PeerAdmission,
        limits: PeerLimits,
        counters: PeerCounterBox,
        events: Events
    ) {
        self.address = address
        self.own = own
        self.accept = accept
        self.counters = counters
        self.events = events
        basics = PeerConnectionBasics(limits: limits)
    }

    // MARK: - Calls, once ready

    var canTakeMessages: Bool { basics.context?.channel.isWritable ?? false }

    var streamCount: Int { streams.count }

    /// Writes messages; they leave with one flush.
    func send(_ messages: [[UInt8]]) {
        touch()
        for message in messages { basics.write(.message(message), flush: false) }
        basics.context?.flush()
        counters.count { $0.messagesSent += UInt64(messages.count) }
    }

    /// Has `watch` look at what TCP sends again; channels that are no sockets say nothing.
    func look(by watch: inout LossWatch) {
        guard let context = basics.context, watch.isDue(context.eventLoop.now),
            let socket = context.channel as? any SocketOptionProvider
        else { return }
        var found: tcp_info?
        // Asked on the channel's own loop it is answered at once.
        socket.getTCPInfo().assumeIsolated().whenSuccess { found = $0 }
        guard let found else { return }
        watch.saw(repetitions: found.tcpi_retransmits, at: context.eventLoop.now)
    }

    func request(
        _ id: UInt64,
        _ method: UInt8,
        _ body: [UInt8],
        timeoutMS: UInt32,
        complete: @escaping (Result<[UInt8], PeerError>) -> Void
    ) {
        touch()
        replies[id] = complete
        counters.count { $0.requests += 1 }
        basics.write(.request(id: id, method: method, timeoutMS: timeoutMS, body: body))
    }

    /// Opens a stream into `inbox`.
    func open(_ id: UInt64, _ method: UInt8, _ body: [UInt8], into inbox: PeerStreamInbox) {
        touch()
        streams[id] = inbox
        let credit = UInt32(clamping: basics.limits.streamWindow)
        basics.write(.openStream(id: id, method: method, credit: credit, body: body))
    }

    func grant(_ id: UInt64, _ byteCount: Int) {
        guard streams[id] != nil else { return }
        touch()
        basics.write(.credit(id: id, byteCount: UInt32(clamping: byteCount)))
    }

    /// Nobody waits for this call any more.
    func cancel(_ id: UInt64) {
        let wasWaiting = replies.removeValue(forKey: id) != nil
        let wasOpen = streams.removeValue(forKey: id) != nil
        if wasWaiting || wasOpen { basics.write(.cancel(id: id)) }
    }

    func announce() {
        if handshake.remote != nil { basics.write(.hello(own())) }
    }

    func close(_ error: PeerError) {
        if reason == nil { reason = error }
        basics.context?.close(promise: nil)
    }

    // MARK: - Channel events

    func channelActive(context: ChannelHandlerContext) {
        // Given up while it was being made.
        guard reason == nil else { return context.close(promise: nil) }
        touch(context.eventLoop.now)
        basics.began(
            context,
            onDeadline: { [weak self] in self?.missHandshake() },
            onTick: { [weak self] in self?.tick() }
        )
        basics.write(.hello(own()))
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        basics.heard()
        events.heard(basics.lastHeard)
        let frame = unwrapInboundIn(data)
        switch frame {
        case .hello(let hello): greet(hello)
        case .refusal(let refusal):
            counters.count { $0.refused += 1 }
            close(.refused(address, refusal))
        default:
            if handshake.remote == nil { failStranger() } else { receive(frame) }
        }
    }

    func channelWritabilityChanged(context: ChannelHandlerContext) {
        if context.channel.isWritable { events.writable() }
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        if error is ChannelError || error is IOError {
            close(.disconnected(address))
        } else if handshake.remote == nil {
            failStranger()
        } else {
            failProtocol()
        }
    }

    func channelInactive(context: ChannelHandlerContext) {
        basics.ended()
        let isStranger = handshake.remote == nil
        let error = reason ?? (isStranger ? .notOurProtocol(address) : .disconnected(address))
        // Calls on a connection that is lost may have been performed, whatever lost it.
        let (replies, streams) = (replies, streams)
        (self.replies, self.streams) = ([:], [:])
        for complete in replies.values { complete(.failure(.disconnected(address))) }
        for stream in streams.values { stream.finish(.failure(.disconnected(address))) }
        events.closed(error)
    }

    // MARK: - Parts

    private func touch(_ now: NIODeadline? = nil) {
        lastUse = now ?? basics.context?.eventLoop.now ?? lastUse
    }

    private func tick() {
        guard let now = basics.context?.eventLoop.now, handshake.remote != nil else { return }
        if basics.tick() {
            counters.count { $0.silent += 1 }
            return close(.disconnected(address))
        }
        let isIdle = replies.isEmpty && streams.isEmpty
        if isIdle, now - lastUse > TimeAmount(basics.limits.idleTimeout) {
            return close(.disconnected(address))
        }
        pings += 1
        basics.write(.ping(pings))
    }

    private func missHandshake() {
        counters.count { $0.failedHandshakes += 1 }
        close(.handshakeTimedOut(address))
    }

    private func failStranger() {
        counters.count { $0.failedHandshakes += 1 }
        close(.notOurProtocol(address))
    }

    private func failProtocol() {
        counters.count { $0.protocolErrors += 1 }
        close(.disconnected(address))
    }

    private func greet(_ hello: PeerHello) {
        let isFirst = handshake.remote == nil
        let own = own()
        switch handshake.received(hello, own: own, accept: accept) {
        case .refuse(let refusal):
            counters.count { $0.refused += 1 }
            reason =
                refusal.kind == .version
                ? .versionMismatch(address, theirs: hello.versions, ours: own.versions)
                : .refused(address, refusal.asOurOwn)
            basics.close(after: .refusal(refusal))
        case .accept:
            if isFirst {
                counters.count { $0.connected += 1 }
                basics.handshaken()
            }
            events.ready(self, hello)
        }
    }

    private func receive(_ frame: PeerFrame) {
        switch frame {
        case .reply(let id, let body): replies.removeValue(forKey: id)?(.success(body))
        case .failure(let id, let failure):
            replies.removeValue(forKey: id)?(.failure(.failed(failure)))
            streams.removeValue(forKey: id)?.finish(.failure(.failed(failure)))
        case .item(let id, let body):
            // After a cancel the other side's last items may still be on their way.
            if let inbox = streams[id], !inbox.receive(body) { failProtocol() }
        case .endStream(let id): streams.removeValue(forKey: id)?.finish(.success(()))
        case .pong: break
        case .hello, .refusal, .message, .request, .cancel, .openStream, .credit, .ping:
            failProtocol()
        }
    }
}

extension PeerRefusal {
    /// A refusal that this worker speaks, as its own layers are told: `removed` means that this one
    /// was, never the other.
    fileprivate var asOurOwn: PeerRefusal {
        kind == .removed ? PeerRefusal(.foreignStore, reason) : self
    }
}
