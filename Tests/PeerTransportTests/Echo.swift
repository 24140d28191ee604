// SPDX-License-Identifier: Apache-2.0
import Codecs
import NIOCore
import NIOPosix
import PeerTransport
import Primitives
import Synchronization

/// A handler that answers by what it is asked.
final class Echo: PeerRequestHandler {
    enum Method {
        static let reverse: UInt8 = 1
        static let fail: UInt8 = 2
        /// Never answers; counts when cancelled.
        static let hang: UInt8 = 3
        static let huge: UInt8 = 4
        /// Streams as many items of 1,000 bytes as the body's first byte says, times 100.
        static let count: UInt8 = 5
        /// Streams until nobody reads.
        static let forever: UInt8 = 6
    }

    struct State {
        var hello: PeerHello
        var messages: [[UInt8]] = []
        var senders: [PeerHello] = []
        var refusal: PeerRefusal?
        var started = 0
        var cancelled = 0
        var itemsSent = 0
    }

    let state: Mutex<State>

    init(_ hello: PeerHello) { state = Mutex(State(hello: hello)) }

    func hello() -> PeerHello { state.withLock(\.hello) }

    func accept(_ remote: PeerHello) -> PeerAdmission {
        state.withLock { $0.refusal.map { .refused($0) } ?? .accepted }
    }

    func message(_ body: [UInt8], from remote: PeerHello) {
        state.withLock {
            $0.messages.append(body)
            $0.senders.append(remote)
        }
    }

    func request(_ method: UInt8, _ body: [UInt8], from remote: PeerHello) async -> PeerReply {
        state.withLock { $0.started += 1 }
        switch method {
        case Method.reverse: return .success(body.reversed())
        case Method.fail: return .failure(PeerFailure(code: 42, body: body))
        case Method.huge: return .success([UInt8](repeating: 1, count: 5 << 20))
        case Method.hang:
            while !Task.isCancelled {
                try? await Task.sleep(for: .seconds(3600))  // limit: cancelled long before
            }
            state.withLock { $0.cancelled += 1 }
            return .success([])
        default: return .failure(PeerFailure(code: PeerFailure.unhandled))
        }
    }

    func stream(
        _ method: UInt8,
        _ body: [UInt8],
        from remote: PeerHello,
        into sink: PeerStreamSink
    ) async -> PeerFailure? {
        guard method == Method.count || method == Method.forever else {
            return PeerFailure(code: PeerFailure.unhandled)
        }
        let limit = method == Method.count ? Int(body.first ?? 0) * 100 : .max
        do throws(PeerError) {
            for number in 0..<limit {
                try await sink.send(
                    withUnsafeTestBytes(number) + [UInt8](repeating: 0, count: 992)
                )
                state.withLock { $0.itemsSent += 1 }
            }
        } catch {
            state.withLock { $0.cancelled += 1 }
        }
        return nil
    }
}

/// Eight little-endian bytes.
func withUnsafeTestBytes(_ number: Int) -> [UInt8] {
    var writer = ByteWriter()
    writer.write(UInt64(number))
    return writer.bytes
}

func hello(
    _ name: String,
    cluster: UInt64? = 1,
    versions: ClosedRange<UInt16> = PeerHello.spokenVersions,
    ancestors: [UInt64] = []
) -> PeerHello {
    PeerHello(
        cluster: cluster.map { ClusterID(UniqueID(high: $0, low: $0)) },
        node: cluster.map { _ in NodeID(3) },
        store: StoreID(UniqueID(high: 7, low: UInt64(name.utf8.first ?? 0))),
        name: name,
        region: "r",
        zone: "z",
        versions: versions,
        lineage: ancestors.map { ClusterID(UniqueID(high: $0, low: $0)) }
    )
}

/// Waits for a fact: looks 5,000 times, 2 ms apart or more.
///
/// Counts looks, not time: on a busy machine this task may itself wait for seconds.
func eventually(_ fact: () -> Bool) async -> Bool {
    for _ in 0..<5000 {
        if fact() { return true }
        try? await Task.sleep(for: .milliseconds(2))
    }
    return false
}

/// A server with an ``Echo`` behind it and a client, on loopback.
struct Pair {
    let echo: Echo
    let server: PeerServer
    let client: PeerClient
    let address: PeerAddress
    let events: Events

    final class Events: PeerConnectionObserver {
        let state = Mutex<(connected: [PeerHello], lost: [PeerError])>(([], []))

        func connected(to address: PeerAddress, remote: PeerHello) {
            state.withLock { $0.connected.append(remote) }
        }

        func disconnected(from address: PeerAddress, remote: PeerHello?, error: PeerError) {
            state.withLock { $0.lost.append(error) }
        }
    }

    static func with(
        server serverHello: PeerHello = hello("server"),
        client clientHello: @escaping @Sendable () -> PeerHello = { hello("client") },
        accept: @escaping @Sendable (PeerHello) -> PeerAdmission = { _ in .accepted },
        limits: PeerLimits = PeerLimits(),
        prepareClient: PeerPipelineHook? = nil,
        prepareServer: PeerPipelineHook? = nil,
        _ body: (Pair) async throws -> Void
    ) async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let echo = Echo(serverHello)
        let server = try await PeerServer.bind(
            host: "127.0.0.1",
            port: 0,
            group: group,
            handler: echo,
            limits: limits,
            prepare: prepareServer
        )
        let events = Events()
        let client = PeerClient(
            group: group,
            hello: clientHello,
            accept: accept,
            observer: events,
            limits: limits,
            seed: 1,
            prepare: prepareClient
        )
        let pair = Pair(
            echo: echo,
            server: server,
            client: client,
            address: PeerAddress(host: "127.0.0.1", port: server.localAddress?.port ?? 0),
            events: events
        )
        do {
            try await body(pair)
        } catch {
            client.shutDown()
            await server.shutDown()
            throw error
        }
        client.shutDown()
        await server.shutDown()
    }
}
