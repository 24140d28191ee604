// SPDX-License-Identifier: Apache-2.0
import Codecs
import NIOCore
import NIOEmbedded
import NIOPosix
import PeerTransport
import Primitives
import Synchronization
import Testing

/// Who gets in, who does not, and what each is told.
@Suite struct HandshakeTests {
    struct Case: CustomTestStringConvertible, Sendable {
        let testDescription: String
        let client: PeerHello
        let server: PeerHello
        let refusal: PeerRefusal.Kind?

        init(
            _ name: String,
            _ client: PeerHello,
            _ server: PeerHello,
            _ refusal: PeerRefusal.Kind?
        ) {
            testDescription = name
            self.client = client
            self.server = server
            self.refusal = refusal
        }
    }

    // swift-format-ignore
    static let cases: [Case] = [
        Case("same cluster",           hello("a"),                 hello("b"),                 nil),
        Case("fresh to formed",        hello("a", cluster: nil),   hello("b"),                 nil),
        Case("formed to fresh",        hello("a"),                 hello("b", cluster: nil),   nil),
        Case("both fresh",             hello("a", cluster: nil),   hello("b", cluster: nil),   nil),
        Case("two clusters",           hello("a", cluster: 1),     hello("b", cluster: 2),     .foreignCluster),
        Case("a cluster and its child", hello("a", cluster: 1),    hello("b", cluster: 2, ancestors: [1]), nil),
        Case("a child and its parent", hello("a", cluster: 3, ancestors: [2, 1]), hello("b", cluster: 1), nil),
        Case("a child of another",     hello("a", cluster: 1),     hello("b", cluster: 2, ancestors: [3]), .foreignCluster),
        Case("client too new",         hello("a", versions: 2...3), hello("b"),                .version),
        Case("client too old",         hello("a"),                 hello("b", versions: 2...3), .version),
        Case("overlapping versions",   hello("a", versions: 1...9), hello("b"),                nil),
    ]

    @Test(arguments: cases) func decides(_ row: Case) async throws {
        try await Pair.with(server: row.server, client: { row.client }) { pair in
            do throws(PeerError) {
                let found = try await pair.client.probe(pair.address, timeout: .seconds(5))
                #expect(row.refusal == nil)
                #expect(found == row.server)
                #expect(pair.client.status(of: pair.address).remote == row.server)
            } catch {
                guard case .refused(_, let refusal) = error else { throw error }
                #expect(refusal.kind == row.refusal)
                #expect(refusal.reason.contains("worker a") && refusal.reason.contains("b"))
                #expect(pair.server.counters.refused == 1)
                #expect(pair.client.counters.refused == 1)
                #expect(await eventually { pair.server.connectionCount == 0 })
            }
        }
    }

    @Test func theLayerAboveMayRefuseOnEitherSide() async throws {
        let refusal = PeerRefusal(.removed, "worker client was removed")
        try await Pair.with { pair in
            pair.echo.state.withLock { $0.refusal = refusal }
            await #expect(throws: PeerError.refused(pair.address, refusal)) {
                try await pair.client.probe(pair.address, timeout: .seconds(5))
            }
        }
        // That it was removed is told of who asks, never of whom it refuses itself.
        let own = PeerRefusal(.foreignStore, refusal.reason)
        try await Pair.with(accept: { _ in .refused(refusal) }) { pair in
            await #expect(throws: PeerError.refused(pair.address, own)) {
                try await pair.client.probe(pair.address, timeout: .seconds(5))
            }
        }
    }

    @Test func anAdmittedWorkerAnnouncesItself() async throws {
        let own = Mutex(hello("client", cluster: nil))
        let box = Box(own)
        try await Pair.with(
            server: hello("server", cluster: nil),
            client: { box.value.withLock { $0 } }
        ) { pair in
            _ = try await pair.client.probe(pair.address, timeout: .seconds(5))
            box.value.withLock { $0 = hello("client") }
            pair.echo.state.withLock { $0.hello = hello("server") }
            pair.client.announce()
            pair.server.announce()
            pair.client.send([1], to: pair.address)
            #expect(await eventually { pair.echo.state.withLock(\.senders) == [hello("client")] })
            let isKnown = await eventually {
                pair.client.status(of: pair.address).remote == hello("server")
            }
            #expect(isKnown)
            #expect(pair.server.counters.connected == 1, "over the same connection")
        }
    }

    @Test func nobodyChangesStoreOnAnOpenConnection() async throws {
        let box = Box(Mutex(hello("client")))
        try await Pair.with(client: { box.value.withLock { $0 } }) { pair in
            _ = try await pair.client.probe(pair.address, timeout: .seconds(5))
            box.value.withLock { $0 = hello("x") }
            pair.client.announce()
            let isLost = await eventually {
                guard case .refused(_, let refusal)? = pair.events.state.withLock(\.lost).first
                else { return false }
                return refusal.kind == .foreignStore
            }
            #expect(isLost)
        }
    }

    @Test func nothingListensIsSaidAtOnce() async throws {
        let client = PeerClient(
            group: MultiThreadedEventLoopGroup.singleton,
            hello: { hello("client") },
            seed: 1
        )
        defer { client.shutDown() }
        let nobody = PeerAddress(host: "127.0.0.1", port: 1)
        do throws(PeerError) {
            _ = try await client.probe(nobody, timeout: .seconds(5))
            Issue.record("somebody listens on port 1")
        } catch {
            guard case .unreachable(nobody, _) = error else { throw error }
            #expect(error.effect == .none)
        }
        client.send([1], to: nobody)
        #expect(await eventually { client.counters.messagesDropped == 1 })
    }

    @Test func aStrangersServerIsRecognised() async throws {
        let stranger = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .childChannelInitializer { channel in
                channel.pipeline.addHandler(Greeter(ByteBuffer(string: "SSH-2.0-OpenSSH_9.2\r\n")))
            }
            .bind(host: "127.0.0.1", port: 0).get()
        let client = PeerClient(
            group: MultiThreadedEventLoopGroup.singleton,
            hello: { hello("client") },
            seed: 1
        )
        let address = PeerAddress(host: "127.0.0.1", port: stranger.localAddress?.port ?? 0)
        await #expect(throws: PeerError.notOurProtocol(address)) {
            try await client.probe(address, timeout: .seconds(5))
        }
        client.shutDown()
        try await stranger.close()
    }

    @Test func aSilentServerMeetsTheDeadline() async throws {
        let silent = try await ServerBootstrap(group: MultiThreadedEventLoopGroup.singleton)
            .bind(host: "127.0.0.1", port: 0).get()
        var limits = PeerLimits()
        limits.handshakeTimeout = .milliseconds(50)
        let client = PeerClient(
            group: MultiThreadedEventLoopGroup.singleton,
            hello: { hello("client") },
            limits: limits,
            seed: 1
        )
        let address = PeerAddress(host: "127.0.0.1", port: silent.localAddress?.port ?? 0)
        await #expect(throws: PeerError.handshakeTimedOut(address)) {
            try await client.probe(address, timeout: .seconds(5))
        }
        client.shutDown()
        try await silent.close()
    }

    @Test func aHalfOpenConnectionIsNoticed() async throws {
        // Shakes hands like a worker, and never says anything again.
        let group = MultiThreadedEventLoopGroup.singleton
        let mute = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                let bytes = ByteBuffer(bytes: PeerFrame.hello(hello("mute")).encoded())
                return channel.pipeline.addHandler(Greeter(bytes))
            }
            .bind(host: "127.0.0.1", port: 0).get()
        var limits = PeerLimits()
        limits.pingInterval = .milliseconds(20)
        limits.silenceTimeout = .milliseconds(100)
        let client = PeerClient(
            group: group,
            hello: { hello("client") },
            limits: limits,
            seed: 1
        )
        let address = PeerAddress(host: "127.0.0.1", port: mute.localAddress?.port ?? 0)
        await #expect(throws: PeerError.disconnected(address)) {
            try await client.request(1, [], to: address, timeout: .seconds(10))
        }
        #expect(client.counters.silent == 1)
        client.shutDown()
        try await mute.close()
    }

    @Test func pingsKeepAnIdleConnection() async throws {
        var limits = PeerLimits()
        limits.pingInterval = .milliseconds(10)
        limits.silenceTimeout = .milliseconds(1000)
        try await Pair.with(limits: limits) { pair in
            _ = try await pair.client.probe(pair.address, timeout: .seconds(5))
            let start = ContinuousClock.now
            let isLost = await eventually {
                !pair.client.status(of: pair.address).isConnected
                    || ContinuousClock.now - start > .milliseconds(2000)
            }
            #expect(isLost)
            #expect(pair.client.status(of: pair.address).isConnected)
            #expect(pair.server.counters.silent == 0)
        }
    }

    /// Says one thing when connected, and nothing else ever.
    private final class Greeter: ChannelInboundHandler, Sendable {
        typealias InboundIn = ByteBuffer
        typealias OutboundOut = ByteBuffer

        private let greeting: ByteBuffer

        init(_ greeting: ByteBuffer) { self.greeting = greeting }

        func channelActive(context: ChannelHandlerContext) {
            context.writeAndFlush(wrapOutboundOut(greeting), promise: nil)
        }
    }

    private final class Box: Sendable {
        let value: Mutex<PeerHello>

        init(_ value: consuming sending Mutex<PeerHello>) { self.value = value }
    }
}
