// SPDX-License-Identifier: Apache-2.0
import Codecs
import NIOCore
import NIOEmbedded
import PageTransport
import Primitives
import Synchronization
import Testing

/// Counts how often the socket would be read.
private final class ReadCounter: ChannelOutboundHandler {
    typealias OutboundIn = ByteBuffer

    var count = 0

    func read(context: ChannelHandlerContext) {
        count += 1
        context.read()
    }
}

/// Keeps what it is asked and answers when told.
private final class Shelf: PageRequestHandler {
    private let entries = Mutex<[(request: PageRequest, reply: PageReplyWriter)]>([])

    var requests: [PageRequest] { entries.withLock { $0.map(\.request) } }

    func handle(
        _ request: PageRequest,
        from client: PageClientDescription,
        reply: PageReplyWriter
    ) {
        entries.withLock { $0.append((request, reply)) }
    }

    func takeFirst() -> PageReplyWriter? {
        entries.withLock { $0.isEmpty ? nil : $0.removeFirst().reply }
    }
}

@Suite struct PageServerHandlerTests {
    private let shelf = Shelf()
    private let reads = ReadCounter()
    private let counters = PageServerCounters()

    private func connect(_ limits: PageServerLimits = .standard) throws -> EmbeddedChannel {
        let handler = PageServerHandler(
            welcome: PageServerWelcome(cluster: testCluster, node: NodeID(3), name: "w3"),
            limits: limits,
            counters: counters,
            requestHandler: shelf
        )
        let channel = EmbeddedChannel(handlers: [reads, handler])
        try channel.connect(to: .init(unixDomainSocketPath: "/fake")).wait()
        return channel
    }

    private var hello: [UInt8] { PageClientHello(cluster: testCluster, name: "c").encoded }

    private func sent(_ channel: EmbeddedChannel) throws -> [UInt8] {
        var bytes: [UInt8] = []
        while let buffer = try channel.readOutbound(as: ByteBuffer.self) {
            bytes += Array(buffer.readableBytesView)
        }
        return bytes
    }

    @Test func requestsAreUnderstoodByteByByte() throws {
        let channel = try connect()
        let bytes = hello + PageRequest.ping.encoded(id: 7) + PageRequest.capacity.encoded(id: 8)
        for byte in bytes { try channel.writeInbound(ByteBuffer(bytes: [byte])) }
        let welcome = PageServerWelcome(cluster: testCluster, node: NodeID(3), name: "w3")
        #expect(try sent(channel) == PageServerHello.welcome(welcome).encoded)
        #expect(shelf.requests == [.ping, .capacity])

        shelf.takeFirst()?.complete(.pong)
        shelf.takeFirst()?.complete(.capacity(total: 2, used: 1))
        let expected =
            PageReplyHead.pong.encoded(id: 7)
            + PageReplyHead.capacity(total: 2, used: 1).encoded(id: 8)
        #expect(try sent(channel) == expected)
        _ = try channel.finish()
    }

    @Test func aPageFollowsItsHead() throws {
        let channel = try connect()
        try channel.writeInbound(
            ByteBuffer(bytes: hello + PageRequest.read(readRequest(range: 0..<3)).encoded(id: 1))
        )
        _ = try sent(channel)
        let bytes: [UInt8] = [1, 2, 3]
        shelf.takeFirst()?.complete(
            .page(ByteBuffer(bytes: bytes), checksum: 5, source: .origin)
        )
        let head = PageReplyHead.page(checksum: 5, source: .origin)
        #expect(try sent(channel) == head.encoded(id: 1, followedBy: 3) + bytes)
        _ = try channel.finish()
    }

    // swift-format-ignore
    static let nonsense: [(name: String, bytes: [UInt8])] = [
        ("a browser",          Array("GET / HTTP/1.1\r\n\r\n".utf8)),
        ("one wrong byte",     [0x55]),
        ("zeros",              [UInt8](repeating: 0, count: 100)),
        ("an oversized hello", PageProtocol.magic + [0xFF, 0xFF, 0xFF, 0xFF]),
        ("an empty hello",     PageProtocol.magic + [0, 0, 0, 0]),
    ]

    @Test(arguments: nonsense.indices) func strangersAreDisconnected(row: Int) throws {
        let channel = try connect()
        try channel.writeInbound(ByteBuffer(bytes: Self.nonsense[row].bytes))
        #expect(!channel.isActive, "\(Self.nonsense[row].name)")
        #expect(counters.statistics.malformedCount == 1)
        #expect(counters.statistics.connectionCount == 0)
        #expect(try sent(channel) == [])
    }

    // swift-format-ignore
    static let badFrames: [(name: String, bytes: [UInt8])] = [
        ("oversized",        [0, 0, 2, 0]),
        ("huge",             [0xFF, 0xFF, 0xFF, 0xFF]),
        ("too short",        [8, 0, 0, 0]),
        ("unknown kind",     [9, 0, 0, 0, 99, 0, 0, 0, 0, 0, 0, 0, 0]),
        ("trailing byte",    [10, 0, 0, 0, 6, 0, 0, 0, 0, 0, 0, 0, 0, 1]),
        ("an id in use",     PageRequest.ping.encoded(id: 4) + PageRequest.ping.encoded(id: 4)),
    ]

    @Test(arguments: badFrames.indices) func brokenFramesEndTheConnection(row: Int) throws {
        let channel = try connect()
        try channel.writeInbound(ByteBuffer(bytes: hello + Self.badFrames[row].bytes))
        #expect(!channel.isActive, "\(Self.badFrames[row].name)")
        #expect(counters.statistics.malformedCount == 1)
    }

    @Test func whoSaysNothingIsDisconnectedAfterFiveSeconds() throws {
        let channel = try connect()
        try channel.writeInbound(ByteBuffer(bytes: hello.dropLast()))
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(4999))
        #expect(channel.isActive)
        channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
        #expect(!channel.isActive)
        #expect(counters.statistics.stalledCount == 1)
    }

    @Test func halfAFrameDoesNotWaitForever() throws {
        let channel = try connect()
        try channel.writeInbound(ByteBuffer(bytes: hello))
        channel.embeddedEventLoop.advanceTime(by: .hours(1))
        #expect(channel.isActive, "an idle client may stay")
        try channel.writeInbound(ByteBuffer(bytes: PageRequest.ping.encoded(id: 1).dropLast()))
        channel.embeddedEventLoop.advanceTime(by: .seconds(30))
        #expect(!channel.isActive)
        #expect(counters.statistics.stalledCount == 1)
    }

    @Test func anotherClusterIsToldWhy() throws {
        let channel = try connect()
        let other = ClusterID(UniqueID(high: 0, low: 1))
        try channel.writeInbound(
            ByteBuffer(bytes: PageClientHello(cluster: other, name: "c").encoded)
        )
        let bytes = try sent(channel)
        let answer = try PageServerHello(decoding: Array(bytes[12...]))
        guard case .refused(let reason) = answer else {
            Issue.record("not refused")
            return
        }
        #expect(reason.contains("\(other)") && reason.contains("\(testCluster)"))
        #expect(!channel.isActive)
        #expect(counters.statistics.refusedCount == 1)
    }

    @Test func tooManyConnectionsAreRefused() throws {
        var limits = PageServerLimits.standard
        limits.connectionCount = 1
        let first = try connect(limits)
        let second = try connect(limits)
        #expect(first.isActive && !second.isActive)
        #expect(try sent(second).isEmpty == false)
        #expect(counters.statistics.connectionCount == 1)
        _ = try first.finish()
    }

    /// Goal: invariants 1 and 2, the 257th request stays in the buffer, and the socket unread.
    @Test func requestsInFlightAreBounded() throws {
        let channel = try connect()
        let requests = (UInt64(1)...300).flatMap { PageRequest.ping.encoded(id: $0) }
        try channel.writeInbound(ByteBuffer(bytes: hello + requests))
        #expect(shelf.requests.count == 256)
        let before = reads.count
        channel.read()
        #expect(reads.count == before, "the socket is left alone")

        shelf.takeFirst()?.complete(.pong)
        #expect(shelf.requests.count == 256, "one out, one in")
        for _ in 0..<100 { shelf.takeFirst()?.complete(.pong) }
        #expect(counters.statistics.requestCount == 300)
        #expect(reads.count == before + 1, "there is room again")
        #expect(channel.isActive)
        _ = try channel.finish()
    }

    @Test func bytesAskedForAreBounded() throws {
        let channel = try connect()
        let requests = (UInt64(1)...40).flatMap { PageRequest.read(readRequest()).encoded(id: $0) }
        try channel.writeInbound(ByteBuffer(bytes: hello + requests))
        #expect(shelf.requests.count == 32)
        shelf.takeFirst()?.complete(.miss)
        #expect(shelf.requests.count == 32)
        #expect(counters.statistics.requestCount == 33)
        _ = try channel.finish()
    }

    @Test func fillingIsSaidAtOnceAndEvery500MillisecondsUntilTheAnswer() throws {
        let channel = try connect()
        try channel.writeInbound(
            ByteBuffer(bytes: hello + PageRequest.read(readRequest()).encoded(id: 1))
        )
        _ = try sent(channel)
        let reply = try #require(shelf.takeFirst())
        let notice = PageReplyHead.filling.encoded(id: 1)
        reply.filling()
        reply.filling()
        #expect(try sent(channel) == notice)
        for _ in 0..<3 {
            channel.embeddedEventLoop.advanceTime(by: .milliseconds(499))
            #expect(try sent(channel) == [])
            channel.embeddedEventLoop.advanceTime(by: .milliseconds(1))
            #expect(try sent(channel) == notice)
        }
        reply.complete(.miss)
        reply.complete(.pong)
        reply.filling()
        channel.embeddedEventLoop.advanceTime(by: .seconds(5))
        #expect(try sent(channel) == PageReplyHead.miss.encoded(id: 1), "once, and then quiet")
        _ = try channel.finish()
    }

    @Test func aDroppedRequestIsAnsweredAsAbandoned() throws {
        let channel = try connect()
        try channel.writeInbound(ByteBuffer(bytes: hello + PageRequest.ping.encoded(id: 1)))
        _ = try sent(channel)
        _ = shelf.takeFirst()
        #expect(try sent(channel) == PageReplyHead.failure(.abandoned).encoded(id: 1))
        _ = try channel.finish()
    }

    @Test func answersAfterTheEndGoNowhere() throws {
        let channel = try connect()
        try channel.writeInbound(ByteBuffer(bytes: hello + PageRequest.ping.encoded(id: 1)))
        let reply = try #require(shelf.takeFirst())
        _ = try channel.finish()
        reply.filling()
        reply.complete(.pong)
        #expect(counters.statistics.connectionCount == 0)
    }

    /// Goal: garbage of any kind never traps and never grows memory.
    @Test(arguments: UInt64(1)...20) func garbageNeverCrashes(seed: UInt64) throws {
        var random = SplitMix64(seed: seed)
        let channel = try connect()
        try channel.writeInbound(ByteBuffer(bytes: hello))
        for _ in 0..<100 where channel.isActive {
            var bytes = PageRequest.read(readRequest()).encoded(id: random.next())
            let position = Int.random(in: 0..<bytes.count, using: &random)
            bytes[position] = UInt8.random(in: 0...255, using: &random)
            try channel.writeInbound(ByteBuffer(bytes: bytes))
            shelf.takeFirst()?.complete(.miss)
        }
        _ = try? channel.finish()
        #expect(counters.statistics.connectionCount == 0)
    }
}
