// SPDX-License-Identifier: Apache-2.0
import Codecs
package import GossipCore
import Logging
import NIOCore
import PeerTransport
package import Primitives
import Synchronization

/// Runs this worker's ``Gossip``: gives it time and what comes in, and does what it wants.
///
/// ```
///   datagrams ─┐                                ┌─▶ datagrams (DatagramSocket)
///   exchanges ─┼─▶ step, under one lock ─▶ effects ─▶ exchanges (peer method 24)
///   refusals  ─┤                                └─▶ log, metrics
///   its timer ─┘
/// ```
///
/// Effects are done outside the lock by whoever gave the input. Does nothing before ``listen(on:)`` and
/// ``begin(_:)``.
package final class GossipDriver: Sendable {
    struct State {
        var core: Gossip?
        var cluster: ClusterID?
        var seal: DatagramSeal?
        var socket: DatagramSocket?
        /// Where members' datagrams go, by where they are reached; of names as they were resolved.
        var places: [PeerAddress: SocketAddress] = [:]
        var timer: Scheduled<Void>?
        var timerMS: UInt64 = .max
        /// Members suspected or worse.
        var doubted: Set<NodeID> = []
        var newest: Newest?
    }

    /// The newest catalog that anybody was heard to have.
    package struct Newest: Sendable {
        package let node: NodeID
        package let ringEpoch: RingEpoch
        package let revision: Revision
    }

    /// Exchanges that wait, and that run at the same time; more are left out.
    private static let exchangeLimit = 64

    let state = Mutex(State())
    let rejections = GossipRejections()
    let book: AddressBook
    let log: Logger
    let changes: GossipChangeLog
    private let loop: any EventLoop
    private let now: @Sendable () -> UInt64
    /// 0 while nobody is: readers ask for every page.
    private let doubtedCount = Atomic(0)
    let exchanges: AsyncStream<(GossipPacket, NodeID)>
    private let exchanging: AsyncStream<(GossipPacket, NodeID)>.Continuation

    init(
        book: AddressBook,
        loop: any EventLoop,
        now: @escaping @Sendable () -> UInt64,
        name: @escaping @Sendable (NodeID) -> String?,
        log: Logger
    ) {
        self.book = book
        self.loop = loop
        self.now = now
        self.log = log
        changes = GossipChangeLog(log: log, now: now, name: name)
        (exchanges, exchanging) = AsyncStream.makeStream(
            bufferingPolicy: .bufferingNewest(Self.exchangeLimit)
        )
    }

    /// Sends from this socket; what comes to it is to be given to ``received(_:from:)``.
    func listen(on socket: DatagramSocket) { state.withLock { $0.socket = socket } }

    /// Where datagrams for a member go; `nil` while its name is not resolved.
    func place(of address: PeerAddress) -> SocketAddress? {
        state.withLock { $0.places[address] } ?? DatagramSocket.numeric(address)
    }

    var isListening: Bool { state.withLock { $0.socket != nil } }

    /// Begins, or begins anew, as a member of this cluster.
    func begin(_ core: Gossip, in cluster: ClusterID) {
        state.withLock { state in
            state.core = core
            state.cluster = cluster
            state.seal = DatagramSeal(.gossip, cluster: cluster)
        }
    }

    func runs(as node: NodeID, in cluster: ClusterID) -> Bool {
        state.withLock { $0.core?.me == node && $0.cluster == cluster }
    }

    // MARK: - What is known

    /// What is thought of a node; `nil` where gossip does not run or the catalog does not name it.
    package func memberState(of node: NodeID) -> MemberState? {
        state.withLock { $0.core?.state(of: node) }
    }

    /// Whether readers had better ask somebody else first.
    package func isDoubted(_ node: NodeID) -> Bool {
        guard doubtedCount.load(ordering: .relaxed) > 0 else { return false }
        return state.withLock { $0.doubted.contains(node) }
    }

    package var views: [GossipView] { state.withLock { $0.core?.views ?? [] } }
    package var counters: GossipCounters? { state.withLock { $0.core?.counters } }
    package var newest: Newest? { state.withLock { $0.newest } }

    // MARK: - Inputs

    /// A connection to this member broke, or its port is closed.
    package func refused(_ node: NodeID) { give(.refused(node)) }

    /// Tells the others that this process ends.
    package func leave() { give(.leave) }

    func received(_ datagram: [UInt8], from source: SocketAddress) {
        guard let seal = state.withLock({ $0.seal }) else { return }
        do throws(DatagramSeal.Rejection) {
            let packet = try packet(in: seal.open(datagram))
            for effect in give(.received(packet)) {
                if case .answer(let answer) = effect { send(answer, to: source) }
            }
        } catch {
            rejections.count(error, from: source, log: log, nowMS: now())
        }
    }

    /// What came over a connection to a member, or from one; the answer, if it wants one.
    func received(exchange body: [UInt8]) throws(DatagramSeal.Rejection) -> [UInt8] {
        let packet = try packet(in: body[...])
        for effect in give(.received(packet)) {
            if case .answer(let answer) = effect { return answer.encode() }
        }
        return []
    }

    private func packet(
        in bytes: ArraySlice<UInt8>
    ) throws(DatagramSeal.Rejection) -> GossipPacket {
        do throws(ByteDecodingError) {
            return try GossipPacket(decoding: bytes)
        } catch {
            throw .packet
        }
    }

    /// Gives one input to the core and does what it wants, answers apart.
    @discardableResult
    func give(_ input: GossipInput) -> [GossipEffect] {
        let effects = state.withLock { state -> [GossipEffect] in
            guard let effects = state.core?.step(input, nowMS: now()) else { return [] }
            arrangeTimer(&state)
            for effect in effects { note(effect, in: &state) }
            if case .members = input { noteMembers(&state) }
            return effects
        }
        for effect in effects { perform(effect) }
        return effects
    }

    private func note(_ effect: GossipEffect, in state: inout State) {
        switch effect {
        case .changed(let node, _, let after, _):
            if after == .alive { state.doubted.remove(node) } else { state.doubted.insert(node) }
            doubtedCount.store(state.doubted.count, ordering: .relaxed)
        case .behind(let node, let epoch, let revision):
            guard revision >= state.newest?.revision ?? .zero else { return }
            state.newest = Newest(node: node, ringEpoch: epoch, revision: revision)
        case .send, .answer, .exchange: break
        }
    }

    /// Doubts nobody any more who does not exist any more.
    private func noteMembers(_ state: inout State) {
        guard let core = state.core else { return }
        state.doubted = state.doubted.filter {
            core.claim(of: $0).map { $0.state > .alive } ?? false
        }
        doubtedCount.store(state.doubted.count, ordering: .relaxed)
    }

    private func perform(_ effect: GossipEffect) {
        switch effect {
        case .send(let packet, let node):
            guard let address = book.address(of: node), let place = place(of: address)
            else { return }  // Its name is not resolved yet: exchanges get there.
            send(packet, to: place)
        case .exchange(let packet, let node): exchanging.yield((packet, node))
        case .changed(let node, let before, let after, _):
            changes.note(node, from: before, to: after)
        case .answer, .behind: break
        }
    }

    private func send(_ packet: GossipPacket, to place: SocketAddress) {
        let (seal, socket) = state.withLock { ($0.seal, $0.socket) }
        guard let seal, let socket else { return }
        socket.send(seal.seal(packet.encode()), to: place)
    }

    /// Sends a datagram that is somebody else's, from the socket of this port; `false` where there is
    /// none, or where it takes no more.
    func send(_ datagram: [UInt8], to place: SocketAddress) -> Bool {
        state.withLock { $0.socket }?.send(datagram, to: place) ?? false
    }

    // MARK: - Time

    /// Has the core's next tick come in time.
    private func arrangeTimer(_ state: inout State) {
        guard let due = state.core?.dueMS, due != .max else { return }
        let now = now()
        guard due < state.timerMS || state.timerMS <= now else { return }
        state.timer?.cancel()
        state.timerMS = due
        let delay = Int64(clamping: due - min(now, due))
        state.timer = loop.scheduleTask(in: .milliseconds(delay)) { [weak self] in
            self?.tick()
        }
    }

    private func tick() {
        state.withLock { $0.timerMS = .max }
        give(.tick)
    }

    /// Ends the timer.
    func end() {
        state.withLock { state in
            state.timer?.cancel()
            state.core = nil
        }
    }
}
