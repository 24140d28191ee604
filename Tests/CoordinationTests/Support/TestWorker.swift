// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Codecs
import Coordination
import LogStorage
import Logging
import NIOPosix
import PeerTransport
import Primitives
import Synchronization
import SystemIO
import SystemPackage
import TestKit
import Telemetry

/// One worker's coordination as the product runs it: real files, real sockets, its own tasks.
///
/// Can be stopped with a farewell, stopped as a crash looks to the others, and started again on the
/// same directory, an empty one, or another port.
final class TestWorker: Sendable {
    private struct Running {
        let store: MembershipStore
        let node: CoordinationNode
        let door: PeerDoor
        let server: PeerServer
        let client: PeerClient
        let socket: DatagramSocket?
        let tasks: Task<Void, Never>
    }

    private struct Place {
        var scratch: ScratchDirectory
        var port: Int
        var join: [PeerAddress] = []
        var running: Running?
        var lost: LostStore?
    }

    let name: String
    let region: String
    let zone: String
    let limits: CoordinationLimits
    let datagrams: Datagrams
    let wires = Wires()
    private let place: Mutex<Place>

    init(
        _ name: String,
        region: String = "ap",
        zone: String = "ap-a",
        limits: CoordinationLimits = CoordinationLimits(),
        datagrams: Datagrams = .none
    ) throws {
        self.name = name
        self.region = region
        self.zone = zone
        self.limits = limits
        self.datagrams = datagrams
        place = Mutex(Place(scratch: try ScratchDirectory(), port: Int(try ServerPort.free())))
    }

    var address: PeerAddress {
        PeerAddress(host: "127.0.0.1", port: place.withLock { $0.port })
    }

    var directory: FilePath { place.withLock { $0.scratch.path } }

    var isRunning: Bool { place.withLock { $0.running != nil } }

    /// The running node; a stopped worker has none.
    var node: CoordinationNode {
        get throws {
            guard let running = place.withLock({ $0.running }) else { throw Stopped(name: name) }
            return running.node
        }
    }

    /// The store that was given up last.
    var lostStore: LostStore? { place.withLock { $0.lost } }

    struct Stopped: Error { let name: String }

    /// Whether datagrams come to a worker's peer port, and leave it.
    enum Datagrams { case none, bound }

    /// Whether connections of its own making exist to all of these.
    func isConnected(to addresses: [PeerAddress]) -> Bool {
        guard let client = place.withLock({ $0.running?.client }) else { return false }
        return addresses.allSatisfy { client.status(of: $0).isConnected }
    }

    func look(for join: [PeerAddress]) { place.withLock { $0.join = join } }

    func move() throws { try place.withLock { $0.port = Int(try ServerPort.free()) } }

    func wipe() throws { try place.withLock { $0.scratch = try ScratchDirectory() } }

    private func makeNode(
        _ store: MembershipStore,
        _ calls: CuttableCalls,
        join: [PeerAddress]
    ) throws -> CoordinationNode {
        var log = Logger(label: name)
        log.logLevel = .critical
        return CoordinationNode(
            settings: CoordinationSettings(
                store: store.store,
                name: name,
                region: region,
                zone: zone,
                capacity: 1 << 30,
                version: "0.1.0",
                startedAtUnixMS: 1,
                join: join,
                load: { (3, 4) },
                now: { SystemClock.monotonic / 1_000_000 },
                limits: limits
            ),
            store: store,
            peers: calls,
            loop: MultiThreadedEventLoopGroup.singleton.any(),
            metrics: MetricRegistry(),
            log: log
        )
    }

    func start() async throws {
        let (path, join) = place.withLock { ($0.scratch.path, $0.join) }
        let directory = try await opened {
            try DataDirectory(at: path, name: self.name) { Self.store() }
        }
        let store = MembershipStore(directory: directory, limits: limits)
        try store.takeStock()
        let door = PeerDoor(
            fresh: PeerHello(
                cluster: nil,
                node: nil,
                store: store.store,
                name: name,
                region: region,
                zone: zone
            )
        )
        let group = MultiThreadedEventLoopGroup.singleton
        let client = PeerClient(
            group: group,
            hello: { door.hello() },
            accept: { door.accept($0) },
            observer: door,
            limits: .coordination,
            seed: try SystemEntropy.seed()
        )
        let node = try makeNode(store, CuttableCalls(client: client, wires: wires), join: join)
        door.open(node)
        let address = address
        let server = try await opened {
            try await PeerServer.bind(
                host: address.host,
                port: address.port,
                group: group,
                handler: door
            )
        }
        let socket = try await bindSocket(group)
        if let socket { node.listen(on: socket) }
        node.listening(
            at: WorkerAddresses(
                http: "127.0.0.1:1",
                s3: nil,
                data: "127.0.0.1:2",
                peer: "\(address)",
                socket: nil
            )
        )
        try node.start()
        let tasks = Task {
            await withDiscardingTaskGroup { group in
                group.addTask { await node.run() }
                group.addTask {  // As the binary does once its worker has joined.
                    if await node.untilJoined() != nil { server.announce() }
                }
            }
        }
        let running = Running(
            store: store,
            node: node,
            door: door,
            server: server,
            client: client,
            socket: socket,
            tasks: tasks
        )
        place.withLock { $0.running = running }
    }

    private func bindSocket(_ group: MultiThreadedEventLoopGroup) async throws -> DatagramSocket? {
        guard datagrams == .bound else { return nil }
        let address = address
        return try await opened {
            try await DatagramSocket.bind(host: address.host, port: address.port, group: group)
        }
    }

    enum Ending { case farewell, crash }

    /// What the worker that runs may give its store up for, once it may.
    var rot: RecoveryFinding? {
        get async throws { try await node.rotFound(within: Timespan(milliseconds: 1)) }
    }

    /// Gives its store up, as the binary does when the others can spare it, and starts again.
    func giveUp(_ finding: RecoveryFinding) async throws {
        guard let store = place.withLock({ $0.running?.store }) else { throw Stopped(name: name) }
        await stop()
        let lost = try store.giveUp(finding, atSeconds: 1000, makeStore: Self.store)
        place.withLock { $0.lost = lost }
    }

    /// Ends it; returns when its directory can be opened again by another.
    func stop(_ ending: Ending = .farewell) async {
        let taken = place.withLock { place in
            defer { place.running = nil }
            return place.running
        }
        guard let running = taken else { return }
        if ending == .crash {  // Gone from the network first, so that it can tell nobody anything.
            await running.server.shutDown()
            running.client.shutDown()
            await running.socket?.shutDown()
        } else {
            await running.node.handLeadershipOver()
        }
        running.node.shutDown()
        running.tasks.cancel()
        await running.tasks.value
        running.door.close()
        await running.server.shutDown()
        running.client.shutDown()
        await running.socket?.shutDown()
    }

    /// Ports and locks of an earlier life are free a moment after it.
    private func opened<Value>(_ open: () async throws -> Value) async throws -> Value {
        for _ in 0..<400 {
            if let value = try? await open() { return value }
            try await Task.sleep(for: .milliseconds(10))
        }
        return try await open()
    }

    private static func store() -> StoreID {
        var generator = SystemRandomNumberGenerator()
        return StoreID(UniqueID(using: &generator))
    }
}

/// The addresses that one worker's calls vanish to, as behind a firewall: no reset, only silence.
final class Wires: Sendable {
    private let cut = Mutex<Set<PeerAddress>>([])
    private let isMute = Mutex(false)
    private let lossy = Mutex((isOn: false, sparedCount: 0))

    func cut(to addresses: [PeerAddress]) { cut.withLock { $0.formUnion(addresses) } }

    /// Loses every message of consensus; questions and answers still get through.
    func mute() { isMute.withLock { $0 = true } }

    /// Every connection waits for packets that were lost: what it is handed comes late, and it is spared
    /// what is under way in another way.
    func lose() { lossy.withLock { $0.isOn = true } }

    func mend() {
        cut.withLock { $0 = [] }
        isMute.withLock { $0 = false }
        lossy.withLock { $0.isOn = false }
    }

    var isLossy: Bool { lossy.withLock { $0.isOn } }

    /// Messages that connections were spared.
    var sparedCount: Int { lossy.withLock { $0.sparedCount } }

    /// Whether a connection is spared a message now.
    func spares() -> Bool {
        lossy.withLock { lossy in
            if lossy.isOn { lossy.sparedCount += 1 }
            return lossy.isOn
        }
    }

    var losesMessages: Bool { isMute.withLock { $0 } }

    func isCut(to address: PeerAddress) -> Bool { cut.withLock { $0.contains(address) } }
}

/// The real client, but for wires that are cut.
struct CuttableCalls: PeerCalling {
    let client: PeerClient
    let wires: Wires

    func send(_ message: [UInt8], to address: PeerAddress) {
        if !wires.isCut(to: address), !wires.losesMessages { client.send(message, to: address) }
    }

    func sendSpare(_ message: [UInt8], to address: PeerAddress) {
        guard !wires.spares(), !wires.isCut(to: address), !wires.losesMessages else { return }
        client.sendSpare(message, to: address)
    }

    func losesPackets(to address: PeerAddress) -> Bool {
        wires.isLossy || client.losesPackets(to: address)
    }

    func request(
        _ method: UInt8,
        _ body: [UInt8],
        to address: PeerAddress,
        timeout: Duration
    ) async throws(PeerError) -> [UInt8] {
        try await silence(to: address, timeout)
        return try await client.request(method, body, to: address, timeout: timeout)
    }

    func stream(
        _ method: UInt8,
        _ body: [UInt8],
        to address: PeerAddress
    ) async throws(PeerError) -> PeerStream {
        try await silence(to: address, .seconds(1))
        return try await client.stream(method, body, to: address)
    }

    func probe(_ address: PeerAddress, timeout: Duration) async throws(PeerError) -> PeerHello {
        try await silence(to: address, timeout)
        return try await client.probe(address, timeout: timeout)
    }

    func status(of address: PeerAddress) -> PeerConnectionStatus { client.status(of: address) }

    func announce() { client.announce() }

    func forget(_ address: PeerAddress) { client.forget(address) }

    private func silence(to address: PeerAddress, _ timeout: Duration) async throws(PeerError) {
        guard wires.isCut(to: address) else { return }
        // tested: what a caller sees of a host that does not answer.
        try? await Task.sleep(for: timeout)
        throw .timedOut(address)
    }
}
