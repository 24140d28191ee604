// SPDX-License-Identifier: Apache-2.0
import Codecs
import NIOCore
import NIOEmbedded
import PeerTransport
import Synchronization
import Testing

/// What the accepting side does with requests that do not end by themselves.
///
/// On a testing channel that tasks may call from their own threads, with a clock of its own.
@Suite struct ServedRequestTests {
    private struct Served {
        let channel = NIOAsyncTestingChannel()
        let echo = Echo(hello("server"))
        let counters: @Sendable () -> PeerCounters

        init(limits: PeerLimits = PeerLimits()) async throws {
            let (channel, echo) = (channel, echo)
            counters = try await channel.testingEventLoop.executeInContext {
                try PeerServer.serve(channel, handler: echo, limits: limits)
            }
            try await channel.connect(to: SocketAddress(unixDomainSocketPath: "/fake")).get()
            try await feed(.hello(hello("client")))
            #expect(try await next() == .hello(hello("server")))
        }

        func feed(_ frame: PeerFrame) async throws {
            try await channel.writeInbound(ByteBuffer(bytes: frame.encoded()))
        }

        func next() async throws -> PeerFrame? {
            guard let buffer = try await channel.readOutbound(as: ByteBuffer.self) else {
                return nil
            }
            return try PeerFrame(payload: Array(buffer: buffer).dropFirst(8).map { $0 })
        }

        func hang(_ id: UInt64, timeoutMS: UInt32 = 60_000) async throws {
            try await feed(
                .request(id: id, method: Echo.Method.hang, timeoutMS: timeoutMS, body: [])
            )
        }
    }

    @Test func idsMayNotBeUsedTwiceAtOnce() async throws {
        let served = try await Served()
        try await served.hang(1)
        #expect(served.channel.isActive)
        try await served.hang(1)
        #expect(!served.channel.isActive)
        #expect(served.counters().protocolErrors == 1)
        #expect(await eventually { served.echo.state.withLock(\.cancelled) == 1 })
    }

    @Test func overTheBoundRequestsAreAnsweredBusy() async throws {
        var limits = PeerLimits()
        limits.requestsInFlight = 2
        let served = try await Served(limits: limits)
        for id in UInt64(1)...4 { try await served.hang(id) }
        let busy = PeerFailure(code: PeerFailure.busy)
        #expect(try await served.next() == .failure(id: 3, busy))
        #expect(try await served.next() == .failure(id: 4, busy))
        #expect(served.counters().overloads == 2)
        try await served.channel.close()
        #expect(await eventually { served.echo.state.withLock(\.cancelled) == 2 })
    }

    @Test func deadlinesAreKeptOnThisSideToo() async throws {
        let served = try await Served()
        try await served.hang(1, timeoutMS: 700)
        await served.channel.testingEventLoop.advanceTime(by: .milliseconds(600))
        #expect(try await served.next() == nil)
        await served.channel.testingEventLoop.advanceTime(by: .milliseconds(200))
        let expired = PeerFailure(code: PeerFailure.expired)
        #expect(try await served.next() == .failure(id: 1, expired))
        #expect(await eventually { served.echo.state.withLock(\.cancelled) == 1 })
        try await served.channel.close()
    }
}
