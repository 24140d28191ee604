// SPDX-License-Identifier: Apache-2.0
import Codecs
import NIOCore
import NIOPosix
import Primitives
import Synchronization
import SystemIO

/// The connection to one address, on its event loop.
///
///     idle ──something to send──▶ connecting ──handshake──▶ connected
///      ▲                              │                         │
///      └──── back off, jittered ◀─────┴─────────────────────────┘
///
/// 1. At most one connection exists or is being made.
/// 2. Calls wait for the attempt under way or the next one, and fail with it; they never outlive
///    their own deadline.
/// 3. Messages that an attempt failed for are dropped: they are as old as the attempt.
final class PeerLinkCore {
    private enum State {
        case idle
        case waiting
        case connecting
        case connected(PeerClientHandler)
        case shutDown
    }

    let link: PeerLink
    private let environment: PeerEnvironment
    private var generator: SplitMix64
    private var state = State.idle
    /// Connecting attempts that failed since the last handshake.
    private var failures = 0
    private var notBefore: NIODeadline = .distantPast
    private var waiting: [UInt64: PeerCall] = [:]
    private var deadlines: Deadlines<PeerCall>?
    /// The handler of the connection being made or in use, to close it.
    private var current: PeerClientHandler?
    /// What the connection in use loses.
    private var losses = LossWatch()

    init(link: PeerLink, environment: PeerEnvironment, seed: UInt64) {
        self.link = link
        self.environment = environment
        generator = SplitMix64(seed: seed)
        deadlines = Deadlines(on: link.loop) { [weak self] call in
            if let self { abandon(call, timedOut) }
        }
    }

    // MARK: - Asked from outside

    /// Hands waiting messages to the connection, as many as it takes, and looks at what it loses.
    func drain() {
        guard case .connected(let handler) = state else { return connect() }
        watchLosses(of: handler)
        while handler.canTakeMessages {
            // One look at both: a message asked for after an announcement never leaves before it.
            let (mustAnnounce, messages) = link.shared.withLock { shared in
                defer { shared.mustAnnounce = false }
                let messages = shared.outbox.take(byteCount: 64 << 10)
                if messages.isEmpty { shared.isDrainScheduled = false }
                return (shared.mustAnnounce, messages)
            }
            if mustAnnounce { handler.announce() }
            if messages.isEmpty { return }
            handler.send(messages)
        }
        // Not writable: the handler says when there is room again. Until then each message only has the
        // connection looked at: one that takes no more may wait for lost packets, or be merely busy.
        link.shared.withLock { $0.isDrainScheduled = false }
    }

    /// Whether TCP waits for the answer to what it had to send again.
    var isWaiting: Bool {
        guard case .connected(let handler) = state else { return false }
        watchLosses(of: handler)
        return losses.isWaiting
    }

    private func watchLosses(of handler: PeerClientHandler) {
        handler.look(by: &losses)
        link.shared.withLock { $0.lossyUntil = losses.lossyUntil }
    }

    func begin(_ call: PeerCall) {
        guard !call.isCancelled else { return finish(call, .failure(.cancelled)) }
        let loop = link.loop
        guard call.deadline > loop.now else { return finish(call, .failure(timedOut)) }
        switch state {
        case .shutDown: return finish(call, .failure(.shutDown))
        case .connected(let handler): perform(call, on: handler)
        case .idle, .waiting, .connecting: waiting[call.id] = call
        }
        guard !call.isComplete else { return }
        deadlines?.set(call.id, at: call.deadline, call)
        connect()
    }

    func abandon(_ call: PeerCall, _ error: PeerError) {
        waiting[call.id] = nil
        if case .connected(let handler) = state { handler.cancel(call.id) }
        finish(call, .failure(error))
    }

    func grant(_ id: UInt64, _ byteCount: Int) {
        if case .connected(let handler) = state { handler.grant(id, byteCount) }
    }

    func cancelStream(_ id: UInt64) {
        if case .connected(let handler) = state { handler.cancel(id) }
    }

    /// Sends the changed hello, if one is due and there is a connection.
    func announce() {
        guard case .connected(let handler) = state else { return }
        let mustAnnounce = link.shared.withLock { shared in
            defer { shared.mustAnnounce = false }
            return shared.mustAnnounce
        }
        if mustAnnounce { handler.announce() }
    }

    func shutDown() {
        state = .shutDown
        failWaiting(.shutDown)
        dropMessages()
        current?.close(.shutDown)
    }

    // MARK: - Connecting

    private func connect() {
        guard case .idle = state else { return }
        let hasWork = !waiting.isEmpty || link.shared.withLock { !$0.outbox.isEmpty }
        guard hasWork else { return }
        let loop = link.loop
        guard notBefore <= loop.now else {
            state = .waiting
            loop.assumeIsolated().scheduleTask(deadline: notBefore) { [weak self] in
                guard let self, case .waiting = state else { return }
                attempt()
            }
            return
        }
        attempt()
    }

    private func attempt() {
        state = .connecting
        let handler = makeHandler()
        current = handler
        let bound = NIOLoopBound(handler, eventLoop: link.loop)
        let (longest, prepare) = (link.limits.frameByteCount, environment.prepare)
        (TCPLiveness.options + TCPRecovery.options)
            .reduce(ClientBootstrap(group: link.loop)) {
                $0.channelOption($1.option, value: $1.value)
            }
            .connectTimeout(TimeAmount(link.limits.connectTimeout))
            .channelOption(.tcpOption(.tcp_nodelay), value: 1)
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try prepare?(channel)
                    try channel.pipeline.syncOperations.addHandlers([
                        FlushOncePerTick(),
                        ByteToMessageHandler(PeerFrameDecoder(longest: longest)), bound.value,
                    ])
                }
            }
            .connect(host: link.address.host, port: link.address.port)
            .assumeIsolated()
            .whenFailure { [weak self] error in
                guard let self, case .connecting = state else { return }
                if error.isRefusal { environment.observer?.refused(at: link.address) }
                closed(.unreachable(link.address, reason: "\(error)"))
            }
    }

    private func makeHandler() -> PeerClientHandler {
        PeerClientHandler(
            address: link.address,
            own: environment.hello,
            accept: environment.accept,
            limits: link.limits,
            counters: link.counters,
            events: PeerClientHandler.Events(
                ready: { [weak self] in self?.ready($0, $1) },
                heard: { [link] now in link.shared.withLock { $0.lastHeard = now } },
                writable: { [weak self] in self?.drain() },
                closed: { [weak self] in self?.closed($0) }
            )
        )
    }

    private func ready(_ handler: PeerClientHandler, _ remote: PeerHello) {
        guard handler === current else { return }
        if case .shutDown = state { return }
        if case .connected = state {} else { losses = LossWatch() }
        state = .connected(handler)
        failures = 0
        link.shared.withLock { shared in
            shared.remote = remote
            shared.isConnected = true
            shared.lastHeard = link.loop.now
            shared.isDrainScheduled = true
        }
        environment.observer?.connected(to: link.address, remote: remote)
        let calls = waiting.values.sorted { $0.id < $1.id }
        waiting = [:]
        for call in calls { perform(call, on: handler) }
        drain()
    }

    private func closed(_ error: PeerError) {
        current = nil
        let remote = link.shared.withLock { shared in
            defer { shared.isConnected = false }
            return shared.isConnected ? shared.remote : nil
        }
        environment.observer?.disconnected(from: link.address, remote: remote, error: error)
        if case .shutDown = state { return }
        state = .idle
        backOff(wasConnected: remote != nil)
        failWaiting(error)
        dropMessages()
    }

    /// Doubles from the shortest wait to the longest; half of each is drawn, so that many workers
    /// that lost one peer do not come back in step.
    private func backOff(wasConnected: Bool) {
        let shortest = TimeAmount(link.limits.shortestBackoff).nanoseconds
        let longest = TimeAmount(link.limits.longestBackoff).nanoseconds
        let doubled = shortest << min(failures, 16)
        let wait = max(2, min(doubled, longest))
        failures += 1
        let drawn = Int64.random(in: 0...wait / 2, using: &generator)
        notBefore = link.loop.now + .nanoseconds(wait / 2 + drawn)
    }

    // MARK: - Calls

    private var timedOut: PeerError { .timedOut(link.address) }

    private func perform(_ call: PeerCall, on handler: PeerClientHandler) {
        announce()
        switch call.kind {
        case .probe:
            let remote = link.shared.withLock { $0.remote }
            finish(call, remote.map { .success(.hello($0)) } ?? .failure(timedOut))
        case .request(let method, let body):
            let left = (call.deadline - link.loop.now).nanoseconds / 1_000_000
            handler.request(call.id, method, body, timeoutMS: UInt32(clamping: max(1, left))) {
                [weak self, link] result in
                self?.deadlines?.end(call.id)
                // Not through `self`, which may be gone before the connection is.
                link.finish(call, result.map { .body($0) })
            }
        case .stream(let method, let body): open(call, method, body, handler)
        }
    }

    private func open(
        _ call: PeerCall,
        _ method: UInt8,
        _ body: [UInt8],
        _ handler: PeerClientHandler
    ) {
        guard handler.streamCount < link.limits.streamsInFlight else {
            return finish(call, .failure(.overloaded(link.address)))
        }
        let (link, id) = (link, call.id)
        let inbox = PeerStreamInbox(
            window: link.limits.streamWindow,
            onCredit: { byteCount in link.execute { $0.grant(id, byteCount) } },
            onAbandon: { link.execute { $0.cancelStream(id) } }
        )
        handler.open(id, method, body, into: inbox)
        finish(call, .success(.stream(PeerStream(inbox: inbox))))
    }

    private func finish(_ call: PeerCall, _ answer: Result<PeerCall.Answer, PeerError>) {
        deadlines?.end(call.id)
        link.finish(call, answer)
    }

    private func failWaiting(_ error: PeerError) {
        let calls = waiting.values.sorted { $0.id < $1.id }
        waiting = [:]
        for call in calls { finish(call, .failure(error)) }
    }

    private func dropMessages() {
        let dropped = link.shared.withLock { shared in
            shared.isDrainScheduled = false
            return shared.outbox.clear()
        }
        if dropped > 0 { link.counters.count { $0.messagesDropped += UInt64(dropped) } }
    }
}
