// SPDX-License-Identifier: Apache-2.0
import Codecs
import NIOCore
import NIOEmbedded
import PeerTransport
import Primitives
import Synchronization
import Testing

/// What the accepting side does with bytes, fed to it as a socket might: one by one, too many,
/// wrong ones.
@Suite struct GarbageTests {
    private struct Served {
        let channel = EmbeddedChannel()
        let echo = Echo(hello("server"))
        let counters: @Sendable () -> PeerCounters

        init(limits: PeerLimits = PeerLimits()) throws {
            counters = try PeerServer.serve(channel, handler: echo, limits: limits)
            try channel.connect(to: SocketAddress(unixDomainSocketPath: "/fake")).wait()
        }

        /// Feeds bytes; an error the pipeline reports is the channel's business here.
        func feed(_ bytes: [UInt8]) { _ = try? channel.writeInbound(ByteBuffer(bytes: bytes)) }

        func shakeHands() throws {
            feed(PeerFrame.hello(hello("client")).encoded())
            #expect(try frames() == [.hello(hello("server"))])
        }

        /// Everything written so far.
        func frames() throws -> [PeerFrame] {
            var bytes: [UInt8] = []
            while let buffer = try channel.readOutbound(as: ByteBuffer.self) {
                bytes += Array(buffer: buffer)
            }
            var frames: [PeerFrame] = []
            while bytes.count >= 8 {
                let count = (0..<4).reduce(0) { $0 | Int(bytes[$1]) << (8 * $1) }
                frames.append(try PeerFrame(payload: Array(bytes[8..<8 + count])))
                bytes.removeFirst(8 + count)
            }
            return frames
        }
    }

    @Test func everythingIsUnderstoodByteByByte() throws {
        let served = try Served()
        let bytes =
            PeerFrame.hello(hello("client")).encoded() + PeerFrame.message([1, 2]).encoded()
            + PeerFrame.ping(5).encoded() + PeerFrame.message([]).encoded()
        for byte in bytes { served.feed([byte]) }
        #expect(try served.frames() == [.hello(hello("server")), .pong(5)])
        #expect(served.echo.state.withLock(\.messages) == [[1, 2], []])
        #expect(served.channel.isActive)
    }

    // swift-format-ignore
    static let strangers: [(String, [UInt8])] = [
        ("HTTP",            Array("GET / HTTP/1.1\r\nHost: x\r\n\r\n".utf8)),
        ("TLS",             [0x16, 0x03, 0x01, 0x02, 0x00, 0x01, 0x00, 0x01, 0xFC, 0x03]),
        ("zeros",           [UInt8](repeating: 0, count: 64)),
        ("ones",            [UInt8](repeating: 0xFF, count: 64)),
        ("message first",   PeerFrame.message([1]).encoded()),
        ("request first",   PeerFrame.request(id: 1, method: 1, timeoutMS: 9, body: []).encoded()),
        ("refusal first",   PeerFrame.refusal(PeerRefusal(.other, "")).encoded()),
        ("hello too long",  [0x01, 0x10, 0, 0] + [UInt8](repeating: 0, count: 12)),
        ("wrong checksum",  PeerFrame.hello(hello("client")).encoded().enumerated().map { $0 == 20 ? $1 ^ 1 : $1 }),
    ]

    @Test(arguments: strangers) func aStrangerIsDisconnected(name: String, bytes: [UInt8]) throws {
        let served = try Served()
        served.feed(bytes)
        #expect(!served.channel.isActive, "\(name)")
        #expect(served.counters().failedHandshakes == 1)
        #expect(served.echo.state.withLock(\.messages).isEmpty)
        #expect(try served.frames().isEmpty, "a stranger is told nothing")
    }

    // swift-format-ignore
    static let offences: [(String, [UInt8])] = [
        ("oversized",        [0x01, 0x00, 0x40, 0x00, 0, 0, 0, 0]),
        ("enormous",         [0xFF, 0xFF, 0xFF, 0xFF, 0, 0, 0, 0]),
        ("empty frame",      [0, 0, 0, 0, 0, 0, 0, 0]),
        ("unknown kind",     [1, 0, 0, 0] + checksum([200]) + [200]),
        ("not its checksum", [1, 0, 0, 0, 0, 0, 0, 0, 200]),
        ("reply to nothing", PeerFrame.reply(id: 1, body: []).encoded()),
        ("server's item",    PeerFrame.item(id: 1, body: []).encoded()),
        ("garbage",          Array("GET / HTTP/1.1\r\n".utf8)),
    ]

    private static func checksum(_ payload: [UInt8]) -> [UInt8] {
        var writer = ByteWriter()
        writer.write(CRC32C.checksum(payload))
        return writer.bytes
    }

    @Test(arguments: offences) func aWorkerThatErrsIsDisconnected(
        name: String,
        bytes: [UInt8]
    ) throws {
        let served = try Served()
        try served.shakeHands()
        served.feed(bytes)
        #expect(!served.channel.isActive, "\(name)")
        #expect(served.counters().protocolErrors == 1)
    }

    @Test func aSlowHandshakeIsCutOff() throws {
        let served = try Served()
        served.feed(Array(PeerFrame.hello(hello("client")).encoded().dropLast()))
        served.channel.embeddedEventLoop.advanceTime(by: .milliseconds(4900))
        #expect(served.channel.isActive)
        served.channel.embeddedEventLoop.advanceTime(by: .milliseconds(200))
        #expect(!served.channel.isActive)
        #expect(served.counters().failedHandshakes == 1)
    }

    @Test func aDripOfBytesDoesNotExtendTheHandshake() throws {
        let served = try Served()
        for byte in PeerFrame.hello(hello("client")).encoded().prefix(20) {
            served.feed([byte])
            served.channel.embeddedEventLoop.advanceTime(by: .milliseconds(300))
        }
        #expect(!served.channel.isActive)
    }

    @Test func silenceIsCutOffAndSpeechIsNot() throws {
        let served = try Served()
        try served.shakeHands()
        for number in UInt64(0)..<20 {
            served.channel.embeddedEventLoop.advanceTime(by: .milliseconds(1000))
            served.feed(PeerFrame.ping(number).encoded())
        }
        #expect(served.channel.isActive)
        served.channel.embeddedEventLoop.advanceTime(by: .milliseconds(3600))
        #expect(!served.channel.isActive)
        #expect(served.counters().silent == 1)
    }

    /// Goal: a peer that pings and never reads costs a bounded amount of memory.
    ///
    /// Method: a handler below the server's holds back every write, as a full socket does.
    @Test func pongsThatNobodyReadsAreBounded() throws {
        let served = try Served()
        try served.shakeHands()
        let socket = FullSocket()
        try served.channel.pipeline.syncOperations.addHandler(socket, position: .first)
        for number in UInt64(0)..<1000 { served.feed(PeerFrame.ping(number).encoded()) }
        #expect(!served.channel.isActive)
        #expect(
            socket.heldCount == 2 * (PeerLimits().requestsInFlight + PeerLimits().streamsInFlight)
        )
        #expect(served.counters().overloads == 1)
    }

    private final class FullSocket: ChannelOutboundHandler {
        typealias OutboundIn = ByteBuffer

        private var held: [EventLoopPromise<Void>?] = []
        var heldCount: Int { held.count }

        func write(
            context: ChannelHandlerContext,
            data: NIOAny,
            promise: EventLoopPromise<Void>?
        ) {
            held.append(promise)
        }

        func handlerRemoved(context: ChannelHandlerContext) {
            for promise in held { promise?.fail(ChannelError.alreadyClosed) }
        }
    }

    /// Goal: no sequence of bytes traps or is taken for a worker.
    @Test(arguments: UInt64(1)...200) func fuzz(seed: UInt64) throws {
        var generator = SplitMix64(seed: seed)
        let served = try Served()
        if seed % 2 == 0 { try served.shakeHands() }
        var bytes =
            PeerFrame.message([1, 2, 3]).encoded() + PeerFrame.ping(1).encoded()
            + PeerFrame.credit(id: 1, byteCount: .max).encoded()
            + PeerFrame.cancel(id: 1).encoded()
        for _ in 0..<1 + generator.next() % 8 {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            bytes[place] = UInt8(truncatingIfNeeded: generator.next())
        }
        while !bytes.isEmpty {
            let count = Int.random(in: 1...min(9, bytes.count), using: &generator)
            served.feed(Array(bytes.prefix(count)))
            bytes.removeFirst(count)
        }
        _ = try served.frames()
        let counters = served.counters()
        if seed % 2 == 1 { #expect(counters.connected == 0) }
    }
}
