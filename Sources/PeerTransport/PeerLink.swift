// SPDX-License-Identifier: Apache-2.0
import Codecs
import NIOCore
import Synchronization

/// The connection to one address, as any thread sees it: an outbox, counts, a status.
///
/// What happens on the connection's event loop is in ``PeerLinkCore``.
final class PeerLink: Sendable {
    struct Shared {
        var outbox: PeerOutbox
        var isDrainScheduled = false
        var mustAnnounce = false
        var callsInFlight = 0
        var bytesInFlight = 0
        var remote: PeerHello?
        var isConnected = false
        var lastHeard: NIODeadline?
        var lossyUntil = NIODeadline.distantPast
    }

    let address: PeerAddress
    let loop: any EventLoop
    let limits: PeerLimits
    let shared: Mutex<Shared>
    let counters: PeerCounterBox
    private let core: NIOLoopBoundBox<PeerLinkCore?>

    init(
        address: PeerAddress,
        loop: any EventLoop,
        limits: PeerLimits,
        counters: PeerCounterBox,
        environment: PeerEnvironment,
        seed: UInt64
    ) {
        self.address = address
        self.loop = loop
        self.limits = limits
        self.counters = counters
        let outbox = PeerOutbox(
            countLimit: limits.outboxCount,
            byteLimit: limits.outboxByteCount
        )
        shared = Mutex(Shared(outbox: outbox))
        core = .makeEmptyBox(valueType: PeerLinkCore.self, eventLoop: loop)
        loop.execute { [self] in
            core.value = PeerLinkCore(link: self, environment: environment, seed: seed)
        }
    }

    /// Runs on the loop, behind everything asked for before.
    func execute(_ body: @escaping @Sendable (PeerLinkCore) -> Void) {
        loop.execute { [core] in
            if let core = core.value { body(core) }
        }
    }

    /// Ends the connection for good and breaks the cycle between this and its core.
    func shutDown() {
        loop.execute { [core] in
            core.value?.shutDown()
            core.value = nil
        }
    }

    /// Marks at once that the hello goes out before anything else does: what is sent after this call
    /// may overtake the loop's task, not the mark.
    func announce() {
        shared.withLock { $0.mustAnnounce = true }
        execute { $0.announce() }
    }

    func send(_ message: [UInt8]) {
        let (dropped, mustSchedule) = shared.withLock { shared in
            let dropped = shared.outbox.append(message)
            defer { shared.isDrainScheduled = true }
            return (dropped, !shared.isDrainScheduled)
        }
        if dropped > 0 { counters.count { $0.messagesDropped += UInt64(dropped) } }
        if mustSchedule { execute { $0.drain() } }
    }

    /// Sends a message unless the connection waits for the answer to what it had to send again.
    func sendSpare(_ message: [UInt8]) {
        execute { core in
            if !core.isWaiting { core.link.send(message) }
        }
    }

    /// Reserves a place for a call; `false` over the bounds.
    func reserve(_ byteCount: Int, isUrgent: Bool) -> Bool {
        let kept = isUrgent || limits.urgentMethods.isEmpty ? 0 : limits.requestsInFlight / 8
        return shared.withLock { shared in
            guard shared.callsInFlight < limits.requestsInFlight - kept,
                shared.bytesInFlight + byteCount <= max(limits.outboxByteCount, byteCount)
            else { return false }
            shared.callsInFlight += 1
            shared.bytesInFlight += byteCount
            return true
        }
    }

    func begin(_ call: PeerCall) {
        loop.execute { [self] in
            if let core = core.value {
                core.begin(call)
            } else {
                finish(call, .failure(.shutDown))
            }
        }
    }

    /// Completes a call and gives its place back, once.
    func finish(_ call: PeerCall, _ answer: Result<PeerCall.Answer, PeerError>) {
        guard call.complete(answer) else { return }
        shared.withLock { shared in
            shared.callsInFlight -= 1
            shared.bytesInFlight -= call.byteCount
        }
    }

    var status: PeerConnectionStatus {
        shared.withLock { shared in
            let silence = shared.lastHeard.map { loop.now - $0 }
            return PeerConnectionStatus(
                remote: shared.remote,
                isConnected: shared.isConnected,
                silence: silence.map { .nanoseconds(max(0, $0.nanoseconds)) }
            )
        }
    }

    /// Whether what is sent now may have to wait for packets that were lost, or is lost itself.
    var losesPackets: Bool {
        shared.withLock { !$0.isConnected || $0.lossyUntil > loop.now }
    }

    /// Whether nothing would be lost by forgetting this address.
    var isUnused: Bool {
        shared.withLock { !$0.isConnected && $0.callsInFlight == 0 && $0.outbox.isEmpty }
    }
}

/// What every link of a client uses.
struct PeerEnvironment: Sendable {
    let hello: @Sendable () -> PeerHello
    let accept: @Sendable (PeerHello) -> PeerAdmission
    let observer: (any PeerConnectionObserver)?
    let prepare: PeerPipelineHook?
}
