// SPDX-License-Identifier: Apache-2.0
import NIOCore
import PeerTransport
import Synchronization
import Testing

/// Goal: a link that loses packets is told from one that is merely full.
///
/// Method: a real connection. Packets are lost to its maker by a filter of the kernel at its socket, so
/// that no acknowledgement comes and TCP sends again; it is full when its other end does not read.
@Suite(.timeLimit(.minutes(1))) struct HeldUpLinkTests {
    private static let limits = {
        var limits = PeerLimits()
        limits.silenceTimeout = .seconds(60)
        limits.outboxByteCount = 64 << 20
        return limits
    }()

    private let maker = SocketTap()
    private let taker = SocketTap()

    private func connected(_ body: (Pair) async throws -> Void) async throws {
        try await Pair.with(
            limits: Self.limits,
            prepareClient: { [maker] in maker.take($0) },
            prepareServer: { [taker] in taker.take($0) }
        ) { pair in
            pair.client.send([0], to: pair.address)
            #expect(await eventually { pair.echo.messages.count == 1 })
            try await body(pair)
        }
    }

    @Test func aLinkThatLosesIsKnownAndSpared() async throws {
        try await connected { pair in
            #expect(!pair.client.losesPackets(to: pair.address))
            try await maker.lose()
            #expect(await pair.loses(), "TCP sends again")
            pair.client.sendSpare([99], to: pair.address)
            try await pair.passLoop()

            try await maker.mend()
            #expect(await pair.isWellAgain(), "what was lost has arrived")
            pair.client.sendSpare([100], to: pair.address)
            #expect(await eventually { pair.echo.messages.last == [100] })
            #expect(!pair.echo.messages.contains([99]), "it was spared")
        }
    }

    @Test func aFullLinkLosesNothing() async throws {
        try await connected { pair in
            try await taker.stopReading()
            try await pair.fill()
            for _ in 0..<20 {
                pair.client.send([1], to: pair.address)
                try await Task.sleep(for: .milliseconds(5))
                #expect(!pair.client.losesPackets(to: pair.address), "it is full, and sound")
            }
            pair.client.sendSpare([99], to: pair.address)
            try await pair.passLoop()
            try await taker.read()
            #expect(await eventually { pair.echo.messages.last == [99] }, "nothing was spared")
        }
    }

    @Test func aFullLinkThatLosesIsKnown() async throws {
        try await connected { pair in
            try await maker.lose()
            try await pair.fill()
            #expect(await pair.loses(), "it was looked at although it takes nothing")
            try await maker.mend()
            #expect(await pair.isWellAgain())
        }
    }
}

extension Pair {
    /// Sends little messages until packets are known to be lost.
    fileprivate func loses() async -> Bool {
        await eventually {
            client.send([1], to: address)
            return client.losesPackets(to: address)
        }
    }

    /// Sends little messages until none are.
    fileprivate func isWellAgain() async -> Bool {
        await eventually {
            client.send([2], to: address)
            return !client.losesPackets(to: address)
        }
    }

    /// Sends more than the sockets of both ends hold.
    fileprivate func fill() async throws {
        let before = client.counters.messagesSent
        for _ in 0..<128 {
            client.send([UInt8](repeating: 3, count: 256 << 10), to: address)
        }
        try await passLoop()
        #expect(client.counters.messagesSent < before + 128, "the link takes no more")
    }

    /// Returns when the connection's loop has done what was asked of it so far.
    fileprivate func passLoop() async throws {
        _ = try await client.probe(address, timeout: .seconds(10))
    }
}

extension Echo {
    fileprivate var messages: [[UInt8]] { state.withLock(\.messages) }
}

/// The socket of one end of a connection.
final class SocketTap: Sendable {
    private let channel = Mutex<(any Channel)?>(nil)

    func take(_ channel: any Channel) { self.channel.withLock { $0 = channel } }

    private var taken: any Channel {
        get throws { try #require(channel.withLock { $0 }) }
    }

    func stopReading() async throws { try await taken.setOption(.autoRead, value: false).get() }

    func read() async throws { try await taken.setOption(.autoRead, value: true).get() }

    /// A program of the kernel's packet filter, as `struct sock_fprog` has it.
    private struct FilterProgram: Sendable {
        let count: UInt16
        /// Where its instructions are.
        let instructions: UInt
    }

    /// Loses every packet that comes.
    ///
    /// - Source: Linux, Documentation/networking/filter.rst.
    func lose() async throws {
        // Keep nothing of the packet: BPF_RET | BPF_K, with 0.
        let instruction = UnsafeMutablePointer<UInt64>.allocate(capacity: 1)
        unsafe instruction.initialize(to: 0x06)
        defer { unsafe instruction.deallocate() }
        // The kernel has copied the program when the call is answered.
        try await set(
            .attachFilter,
            FilterProgram(count: 1, instructions: UInt(bitPattern: instruction))
        )
    }

    /// Loses none any more.
    func mend() async throws { try await set(.detachFilter, CInt(0)) }

    private func set(_ option: NIOBSDSocket.Option, _ value: some Sendable) async throws {
        let provider = try #require(taken as? any SocketOptionProvider)
        try await provider.unsafeSetSocketOption(level: .socket, name: option, value: value).get()
    }
}

extension NIOBSDSocket.Option {
    fileprivate static var attachFilter: Self { Self(rawValue: 26) }
    fileprivate static var detachFilter: Self { Self(rawValue: 27) }
}
