// SPDX-License-Identifier: Apache-2.0

import NIOCore
import NIOPosix
import PeerTransport
import Primitives
import Synchronization
import Testing

/// Goal: datagrams come and go, and no datagram ends the socket.
@Suite struct DatagramSocketTests {
    private final class Inbox: Sendable {
        let datagrams = Mutex<[[UInt8]]>([])

        func wait(for count: Int) async -> [[UInt8]] {
            for _ in 0..<1_000 where datagrams.withLock({ $0.count }) < count {
                try? await Task.sleep(for: .milliseconds(5))
            }
            return datagrams.withLock { $0 }
        }
    }

    @Test func whatIsSentArrivesAndClosedPortsChangeNothing() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let one = try await DatagramSocket.bind(host: "127.0.0.1", port: 0, group: group)
        let other = try await DatagramSocket.bind(host: "127.0.0.1", port: 0, group: group)
        let inbox = Inbox()
        other.receive { bytes, _ in inbox.datagrams.withLock { $0.append(bytes) } }
        let place = try #require(other.localAddress)
        let closed = try SocketAddress(ipAddress: "127.0.0.1", port: 1)
        for number in 0..<50 {
            one.send([UInt8(number)], to: closed)
            one.send(Array(repeating: 9, count: 70_000), to: place)  // No datagram is that long.
            one.send([UInt8(number)], to: place)
        }
        let datagrams = await inbox.wait(for: 50)
        #expect(Set(datagrams) == Set((0..<50).map { [UInt8($0)] }))
        #expect(one.counters.failed >= 50)
        #expect(other.counters.received == 50)
        await one.shutDown()
        await other.shutDown()
    }

    @Test func aTakenPortIsSaidToBeTaken() async throws {
        let group = MultiThreadedEventLoopGroup.singleton
        let one = try await DatagramSocket.bind(host: "127.0.0.1", port: 0, group: group)
        let port = try #require(one.localAddress?.port)
        await #expect(throws: PeerServer.ListenError.self) {
            _ = try await DatagramSocket.bind(host: "127.0.0.1", port: port, group: group)
        }
        await one.shutDown()
    }

    // swift-format-ignore
    static let places: [(text: String, isNumeric: Bool)] = [
        ("127.0.0.1:7403",      true),
        ("[::1]:7403",          true),
        ("localhost:7403",      false),
        ("no-such-host.invalid:7403", false),
    ]

    @Test(arguments: places)
    func numbersAreNotAskedFor(text: String, isNumeric: Bool) throws {
        let address = try #require(PeerAddress(text))
        #expect((DatagramSocket.numeric(address) != nil) == isNumeric)
    }

    @Test func namesAreResolved() async throws {
        let address = try #require(PeerAddress("localhost:7403"))
        let place = await DatagramSocket.resolve(address)
        #expect(place?.port == 7403)
        let nowhere = try #require(PeerAddress("no-such-host.invalid:7403"))
        #expect(await DatagramSocket.resolve(nowhere) == nil)
    }
}
