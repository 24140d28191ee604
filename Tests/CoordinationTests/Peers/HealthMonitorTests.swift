// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Codecs
import Coordination
import PeerTransport
import Primitives
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1)))
struct HealthMonitorTests {
    /// Peers that answer a status each as themselves, but for those that are mute.
    final class Peers: PeerCalling {
        private let mute = Mutex<Set<Int>>([])

        func silence(_ node: Int) { mute.withLock { _ = $0.insert(node) } }

        static func address(_ node: Int) -> PeerAddress { PeerAddress(host: "h", port: node) }

        func request(
            _ method: UInt8,
            _ body: [UInt8],
            to address: PeerAddress,
            timeout: Duration
        ) async throws(PeerError) -> [UInt8] {
            let isMute = mute.withLock { $0.contains(address.port) }
            if isMute { throw .timedOut(address) }
            let reply = StatusReply(
                node: NodeID(UInt64(address.port)),
                isVoter: false,
                isLeader: false,
                term: .zero,
                leader: nil,
                index: .zero,
                revision: .zero,
                age: nil,
                usedBytes: 0,
                pages: 0,
                addresses: WorkerAddresses(http: "", s3: nil, data: "", peer: "", socket: nil)
            )
            return reply.encode()
        }

        func send(_ message: [UInt8], to address: PeerAddress) {}
        func sendSpare(_ message: [UInt8], to address: PeerAddress) {}
        func losesPackets(to address: PeerAddress) -> Bool { false }
        func stream(
            _ method: UInt8,
            _ body: [UInt8],
            to address: PeerAddress
        ) async throws(PeerError) -> PeerStream { throw .timedOut(address) }
        func probe(
            _ address: PeerAddress,
            timeout: Duration
        ) async throws(PeerError) -> PeerHello { throw .timedOut(address) }
        func status(of address: PeerAddress) -> PeerConnectionStatus {
            PeerConnectionStatus(remote: nil, isConnected: false, silence: nil)
        }
        func announce() {}
        func forget(_ address: PeerAddress) {}
    }

    /// A monitor of nodes 1, 2, … and its clock in milliseconds, which stands still but for the test.
    private func monitor(
        _ count: Int
    ) -> (monitor: HealthMonitor, peers: Peers, clock: Clock) {
        let (peers, book, clock) = (Peers(), AddressBook(), Clock())
        for node in 1...count { book.learned(NodeID(UInt64(node)), at: Peers.address(node)) }
        let monitor = HealthMonitor(peers: peers, book: book, now: { clock.nowMS })
        return (monitor, peers, clock)
    }

    final class Clock: Sendable {
        private let time = Mutex<UInt64>(1_000)
        var nowMS: UInt64 { time.withLock { $0 } }
        func pass(_ ms: UInt64) { time.withLock { $0 += ms } }
    }

    private func run(_ monitor: HealthMonitor, _ count: Int) -> Task<Void, Never> {
        Task {
            await monitor.run(
                nodes: { (1...UInt64(count)).map { NodeID($0) } },
                request: StatusRequest(peerAddress: "h:1"),
                heard: { _, _ in }
            )
        }
    }

    /// Goal: among many workers a word from the last turn is as good as one of this second.
    @Test func whoseTurnIsSeldomIsNoWorseForIt() async throws {
        let count = 256  // 16 in each round, 240 in five.
        let (monitor, _, clock) = monitor(count)
        let task = run(monitor, count)
        defer { task.cancel() }
        let last = NodeID(UInt64(count))
        try await eventually("each was asked once") {
            (1...count).allSatisfy { monitor.report(of: NodeID(UInt64($0))) != nil }
        }
        task.cancel()
        await task.value
        clock.pass(2_100)
        #expect(!monitor.answersNow(last))
        #expect(monitor.answeredLately(last) && monitor.liveness(of: last) == .alive)
        clock.pass(300)  // A second, and a turn of 1.25 s.
        #expect(!monitor.answeredLately(last), "now its turn has come and gone")
    }

    @Test func ofFewEachHasToAnswerWithinASecond() async throws {
        let (monitor, _, clock) = monitor(3)
        let task = run(monitor, 3)
        try await eventually("each was asked once") {
            (1...3).allSatisfy { monitor.report(of: NodeID(UInt64($0))) != nil }
        }
        task.cancel()
        await task.value
        #expect(monitor.answeredLately(NodeID(3)))
        clock.pass(1_001)
        #expect(!monitor.answeredLately(NodeID(3)) && !monitor.answersNow(NodeID(3)))
    }

    /// Goal: who is asked out of turn counts by what it says now.
    @Test func aWorkerThatIsAskedNowIsHeard() async {
        let (monitor, peers, clock) = monitor(2)
        clock.pass(60_000)
        let request = StatusRequest(peerAddress: "h:1")
        #expect(monitor.liveness(of: NodeID(1)) == .dead)
        #expect(await monitor.hears(NodeID(1), asking: request, within: .milliseconds(500)))
        #expect(monitor.answersNow(NodeID(1)))
        peers.silence(2)
        #expect(await !monitor.hears(NodeID(2), asking: request, within: .milliseconds(500)))
        #expect(await !monitor.hears(NodeID(3), asking: request, within: .milliseconds(500)))
    }
}
