// SPDX-License-Identifier: Apache-2.0
package import Codecs
package import NIOCore
import Primitives
import Synchronization

/// Reaches other workers over TCP, one connection an address.
///
/// Messages, replies and stream items are handled on the event loops of the group given; only
/// callers of ``request(_:_:to:timeout:)`` and streams are tasks.
package final class PeerClient: PeerCalling {
    private struct State {
        var links: [PeerAddress: PeerLink] = [:]
        var nextCall: UInt64 = 1
        var generator: SplitMix64
        var isShutDown = false
    }

    private let group: any EventLoopGroup
    private let limits: PeerLimits
    private let environment: PeerEnvironment
    private let counterBox = PeerCounterBox()
    private let state: Mutex<State>

    /// A client without connections.
    ///
    /// - Parameters:
    ///   - group: Where connections live.
    ///   - hello: Who this worker is now; asked at each connection and announcement.
    ///   - accept: Whether to talk to a worker, after the transport's own checks.
    ///   - observer: Hears of connections made and lost.
    ///   - limits: Bounds and times.
    ///   - seed: For the jitter of reconnections.
    ///   - prepare: The place for TLS.
    package init(
        group: any EventLoopGroup,
        hello: @escaping @Sendable () -> PeerHello,
        accept: @escaping @Sendable (PeerHello) -> PeerAdmission = { _ in .accepted },
        observer: (any PeerConnectionObserver)? = nil,
        limits: PeerLimits = PeerLimits(),
        seed: UInt64,
        prepare: PeerPipelineHook? = nil
    ) {
        self.group = group
        self.limits = limits
        environment = PeerEnvironment(
            hello: hello,
            accept: accept,
            observer: observer,
            prepare: prepare
        )
        state = Mutex(State(generator: SplitMix64(seed: seed)))
    }

    package var counters: PeerCounters { counterBox.value }

    // MARK: - PeerCalling

    package func send(_ message: [UInt8], to address: PeerAddress) {
        guard message.count <= limits.bodyByteCount, let link = try? link(to: address) else {
            counterBox.count { $0.messagesDropped += 1 }
            return
        }
        link.send(message)
    }

    package func sendSpare(_ message: [UInt8], to address: PeerAddress) {
        guard let link = state.withLock({ $0.links[address] }) else {
            return send(message, to: address)
        }
        link.sendSpare(message)
    }

    package func request(
        _ method: UInt8,
        _ body: [UInt8],
        to address: PeerAddress,
        timeout: Duration
    ) async throws(PeerError) -> [UInt8] {
        let answer = try await call(.request(method: method, body: body), address, timeout)
        guard case .body(let reply) = answer else { preconditionFailure("a request's answer") }
        return reply
    }

    package func stream(
        _ method: UInt8,
        _ body: [UInt8],
        to address: PeerAddress
    ) async throws(PeerError) -> PeerStream {
        let timeout = limits.handshakeTimeout + limits.longestBackoff
        let answer = try await call(.stream(method: method, body: body), address, timeout)
        guard case .stream(let stream) = answer else { preconditionFailure("a stream's answer") }
        return stream
    }

    package func probe(
        _ address: PeerAddress,
        timeout: Duration
    ) async throws(PeerError) -> PeerHello {
        let answer = try await call(.probe, address, timeout)
        guard case .hello(let hello) = answer else { preconditionFailure("a probe's answer") }
        return hello
    }

    package func status(of address: PeerAddress) -> PeerConnectionStatus {
        let link = state.withLock { $0.links[address] }
        return link?.status
            ?? PeerConnectionStatus(remote: nil, isConnected: false, silence: nil)
    }

    package func losesPackets(to address: PeerAddress) -> Bool {
        state.withLock { $0.links[address] }?.losesPackets ?? false
    }

    package func announce() {
        let links = state.withLock { Array($0.links.values) }
        for link in links { link.announce() }
    }

    package func forget(_ address: PeerAddress) {
        state.withLock { $0.links.removeValue(forKey: address) }?.shutDown()
    }

    /// Closes every connection; calls in flight end as `disconnected` or `shutDown`, later ones too.
    package func shutDown() {
        let links = state.withLock { state in
            state.isShutDown = true
            defer { state.links = [:] }
            return Array(state.links.values)
        }
        for link in links { link.shutDown() }
    }

    // MARK: - Parts

    private func link(to address: PeerAddress) throws(PeerError) -> PeerLink {
        try state.withLock { state throws(PeerError) in
            if let link = state.links[address] { return link }
            guard !state.isShutDown else { throw .shutDown }
            if state.links.count >= limits.connections {
                state.links = state.links.filter { !$0.value.isUnused }
            }
            guard state.links.count < limits.connections else { throw .overloaded(address) }
            let link = PeerLink(
                address: address,
                loop: group.next(),
                limits: limits,
                counters: counterBox,
                environment: environment,
                seed: state.generator.next()
            )
            state.links[address] = link
            return link
        }
    }

    private func call(
        _ kind: PeerCall.Kind,
        _ address: PeerAddress,
        _ timeout: Duration
    ) async throws(PeerError) -> PeerCall.Answer {
        let link = try link(to: address)
        let id = state.withLock { state in
            defer { state.nextCall += 1 }
            return state.nextCall
        }
        let call = PeerCall(id: id, kind: kind, deadline: link.loop.now + TimeAmount(timeout))
        guard call.byteCount <= limits.bodyByteCount else {
            throw .tooLarge(byteCount: call.byteCount, limit: limits.bodyByteCount)
        }
        guard link.reserve(call.byteCount, isUrgent: kind.isUrgent(limits)) else {
            counterBox.count { $0.overloads += 1 }
            throw .overloaded(address)
        }
        let answer = await withTaskCancellationHandler {
            await withCheckedContinuation { continuation in
                call.begin(continuation)
                link.begin(call)
            }
        } onCancel: {
            // Marked first: `begin` may not have run yet, and looks.
            call.cancel()
            link.execute { $0.abandon(call, .cancelled) }
        }
        return try answer.get()
    }
}
