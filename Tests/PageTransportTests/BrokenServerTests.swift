// SPDX-License-Identifier: Apache-2.0
import Codecs
import NIOCore
import NIOPosix
import PageTransport
import Primitives
import Synchronization
import Testing

/// A server that says whatever a test wants, right or wrong, once a request has come.
private final class RawServer: ChannelInboundHandler {
    typealias InboundIn = ByteBuffer
    typealias OutboundOut = ByteBuffer

    enum Ending { case stays, closes }

    private let greeting: [UInt8]
    private let answer: [UInt8]
    private let ending: Ending
    /// Bytes of the hello still to come: a request may arrive together with it.
    private var helloByteCount = PageClientHello(cluster: testCluster, name: "t").encoded.count
    private var hasAnswered = false

    init(greeting: [UInt8], answer: [UInt8], ending: Ending) {
        self.greeting = greeting
        self.answer = answer
        self.ending = ending
    }

    func channelActive(context: ChannelHandlerContext) {
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: greeting)), promise: nil)
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        helloByteCount -= unwrapInboundIn(data).readableBytes
        guard helloByteCount < 0, !hasAnswered else { return }
        hasAnswered = true
        context.writeAndFlush(wrapOutboundOut(ByteBuffer(bytes: answer)), promise: nil)
        if case .closes = ending { context.close(promise: nil) }
    }
}

@Suite(.timeLimit(.minutes(1))) struct BrokenServerTests {
    private static let welcome = PageServerHello.welcome(
        PageServerWelcome(cluster: testCluster, node: NodeID(1), name: "w")
    ).encoded

    private func read(
        greeting: [UInt8] = welcome,
        answer: [UInt8],
        ending: RawServer.Ending = .stays,
        silence: TimeAmount = .seconds(30)
    ) async throws -> PageClientError? {
        let group = MultiThreadedEventLoopGroup.singleton
        let server = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        RawServer(greeting: greeting, answer: answer, ending: ending)
                    )
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        var limits = PageClientLimits.standard
        limits.silence = silence
        limits.quiet = silence
        let client = PageClient(group: group, cluster: testCluster, name: "t", limits: limits)
        let port = UInt16(server.localAddress?.port ?? 0)
        var failure: PageClientError?
        do throws(PageClientError) {
            _ = try await client.read(
                readRequest(range: 0..<4),
                at: .tcp(host: "127.0.0.1", port: port),
                timeout: .seconds(20)
            )
        } catch {
            failure = error
        }
        await client.close()
        try await server.close()
        return failure
    }

    private func page(checksum: UInt32, byteCount: Int) -> [UInt8] {
        PageReplyHead.page(checksum: checksum, source: .local)
            .encoded(id: 1, followedBy: byteCount) + [UInt8](repeating: 7, count: byteCount)
    }

    private var right: UInt32 { CRC32C.checksum([7, 7, 7, 7]) }

    @Test func theRightAnswerIsTaken() async throws {
        #expect(try await read(answer: page(checksum: right, byteCount: 4)) == nil)
    }

    @Test func wrongBytesAreNeverReturned() async throws {
        #expect(try await read(answer: page(checksum: right ^ 1, byteCount: 4)) == .corrupt)
    }

    @Test func aServerKilledMidReplyIsDisconnected() async throws {
        let half = Array(page(checksum: right, byteCount: 4).dropLast(2))
        #expect(try await read(answer: half, ending: .closes) == .disconnected)
        #expect(try await read(answer: [], ending: .closes) == .disconnected)
    }

    @Test func aServerThatSaysNothingIsSilent() async throws {
        let short = TimeAmount.milliseconds(300)
        #expect(try await read(answer: [], silence: short) == .silent)
        #expect(try await read(greeting: [], answer: [], silence: short) == .silent)
        let half = Array(page(checksum: right, byteCount: 4).dropLast(2))
        #expect(try await read(answer: half, silence: short) == .silent)
    }

    /// Goal: a worker that works on a request without a word, as where a disk takes its time, answers
    /// that it is there, and is waited for; one that does not is given up long before.
    @Test func onlyWhoIsNotThereIsGivenUpEarly() async throws {
        let shelf = ReplyShelf()
        var limits = patientLimits
        limits.silence = .seconds(30)
        limits.quiet = .milliseconds(200)
        let handler = ScriptedHandler { request, reply in
            if case .read = request { shelf.keep(reply) } else { reply.complete(.pong) }
        }
        try await withServer(handler, clientLimits: limits) { server, client, address in
            async let answer = client.read(readRequest(), at: address, timeout: .seconds(30))
            // The read itself, and several questions whether the worker is there.
            #expect(await eventually { server.statistics.requestCount >= 5 })
            shelf.answerAll(.miss)
            let reply = try await answer
            #expect(reply == .miss)
        }
    }

    /// Goal: a call after one that found its connection dead goes over another connection.
    @Test func aDeadConnectionIsNotUsedAgain() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let accepted = Mutex(0)
        let server = try await ServerBootstrap(group: group)
            .childChannelInitializer { channel in
                accepted.withLock { $0 += 1 }
                return channel.eventLoop.makeCompletedFuture {
                    try channel.pipeline.syncOperations.addHandler(
                        RawServer(greeting: Self.welcome, answer: [], ending: .stays)
                    )
                }
            }
            .bind(host: "127.0.0.1", port: 0).get()
        var limits = PageClientLimits.standard
        limits.quiet = .milliseconds(200)
        limits.connectionCount = 1
        let client = PageClient(group: group, cluster: testCluster, name: "t", limits: limits)
        let address = PageAddress.tcp(
            host: "127.0.0.1",
            port: UInt16(server.localAddress?.port ?? 0)
        )
        for number in 1...3 {
            await #expect(throws: PageClientError.silent) {
                try await client.ping(at: address, timeout: .seconds(20))
            }
            // The end of the connection may come a moment after that of the call.
            var isNew = false
            for _ in 0..<100 where !isNew {
                try? await client.ping(at: address, timeout: .milliseconds(1))
                isNew = accepted.withLock { $0 } > number
            }
            #expect(isNew, "call \(number)")
        }
        await client.close()
        try await server.close()
    }

    // swift-format-ignore
    static let violations: [(name: String, bytes: [UInt8])] = [
        ("more than asked for", PageReplyHead.page(checksum: 0, source: .local)
            .encoded(id: 1, followedBy: 5) + [0, 0, 0, 0, 0]),
        ("another kind",        PageReplyHead.pong.encoded(id: 1)),
        ("unknown kind",        [9, 0, 0, 0, 99, 1, 0, 0, 0, 0, 0, 0, 0]),
        ("oversized",           [0, 0, 0x20, 0]),
        ("undersized",          [0, 0, 0, 0]),
    ]

    @Test(arguments: violations.indices) func violationsAreNamed(row: Int) async throws {
        let error = try await read(answer: Self.violations[row].bytes)
        guard case .protocolViolation = error else {
            Issue.record("\(Self.violations[row].name): \(String(describing: error))")
            return
        }
    }

    @Test func strangersAreNotWorkers() async throws {
        let error = try await read(greeting: Array("HTTP/1.1 200 OK\r\n".utf8), answer: [])
        guard case .protocolViolation = error else {
            Issue.record("\(String(describing: error))")
            return
        }
    }

    @Test func nobodyThereIsUnreachable() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let client = PageClient(group: group, cluster: testCluster, name: "t")
        let addresses: [PageAddress] = [
            .tcp(host: "127.0.0.1", port: 1), .unix(path: "/tmp/tarn-nobody.sock"),
            .tcp(host: "name.invalid", port: 1),
        ]
        for address in addresses {
            let error = await #expect(throws: PageClientError.self) {
                try await client.ping(at: address, timeout: .seconds(20))
            }
            guard case .unreachable = error else {
                Issue.record("\(address): \(String(describing: error))")
                continue
            }
        }
        await client.close()
        await #expect(throws: PageClientError.closed) {
            try await client.ping(at: addresses[0], timeout: .seconds(20))
        }
    }

    /// Goal: a worker that came back on its address is found again by the next call.
    @Test func aRestartedServerIsFoundAgain() async throws {
        let path = socketPath()
        let group = MultiThreadedEventLoopGroup.singleton
        let client = PageClient(group: group, cluster: testCluster, name: "t")
        for _ in 0..<3 {
            let server = try await PageServer.start(
                group: group,
                listening: [.unix(path: path)],
                identity: { testIdentity },
                handler: pageHandler
            )
            var isReached = false
            for _ in 0..<100 where !isReached {
                do {
                    try await client.ping(at: .unix(path: path), timeout: .seconds(5))
                    isReached = true
                } catch {
                    // The end of the old connection may arrive after the call.
                    try await Task.sleep(for: .milliseconds(10))
                }
            }
            #expect(isReached)
            await server.stop()
        }
        await client.close()
    }
}
