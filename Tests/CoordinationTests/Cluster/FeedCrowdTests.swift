// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Codecs
import Coordination
import FeedCore
import Foundation
import NIOPosix
import PeerTransport
import Primitives
import Synchronization
import Testing

extension ClusterTests {
    /// One worker and as many followers as it takes, each with a connection of its own.
    @Suite struct FeedCrowdTests {
        private static let commandCount = 20

        /// Followers that were sent something.
        private final class Crowd: Sendable {
            private let fed = Mutex<Set<Int>>([])

            var count: Int { fed.withLock { $0.count } }

            func isFed(_ number: Int) { _ = fed.withLock { $0.insert(number) } }
        }

        private func client(_ node: UInt64, of cluster: ClusterID) -> PeerClient {
            let hello = PeerHello(
                cluster: cluster,
                node: NodeID(node),
                store: testStore(node),
                name: "f\(node)",
                region: "ap",
                zone: "ap-a"
            )
            return PeerClient(
                group: MultiThreadedEventLoopGroup.singleton,
                hello: { hello },
                limits: .coordination,
                seed: node
            )
        }

        /// Reads a feed until it has so many commands; why it could not, else `nil`.
        ///
        /// Of 300 connections that begin at once some find the server's queue full, and try again.
        private func follow(
            _ client: PeerClient,
            at address: PeerAddress,
            begun: @escaping @Sendable () -> Void
        ) async -> PeerFailure? {
            for _ in 0..<20 {
                do throws(PeerError) {
                    if try await read(client, at: address, begun) { return nil }
                } catch .failed(let failure) {
                    return failure
                } catch {
                    continue
                }
            }
            return PeerFailure(code: PeerFailure.busy)
        }

        /// Whether all commands came before the stream ended.
        private func read(
            _ client: PeerClient,
            at address: PeerAddress,
            _ begun: @Sendable () -> Void
        ) async throws(PeerError) -> Bool {
            let stream = try await client.stream(
                PeerMethod.feed.rawValue,
                FeedRequest(after: .zero).encode(),
                to: address
            )
            var mounts = 0
            for try await bytes in stream {
                begun()
                guard case .commands(let commands)? = try? FeedItem(decoding: bytes) else {
                    continue
                }
                mounts += commands.count { command in
                    let operation = (try? CatalogCommand(decoding: command.payload))?.operation
                    if case .putMount = operation { return true }
                    return false
                }
                if mounts >= Self.commandCount { return true }
            }
            return false
        }

        /// `VmRSS` of this process, in bytes: of server and followers together.
        private func residentBytes() throws -> Int {
            let status = try String(contentsOfFile: "/proc/self/status", encoding: .utf8)
            let line = status.split(separator: "\n").first { $0.hasPrefix("VmRSS:") }
            let kibibytes = line?.split(separator: " ").dropFirst().first.flatMap { Int($0) }
            return try #require(kibibytes) * 1024
        }

        /// Goal: 300 are fed by one worker, each gets everything, the next is sent on to some of them, and
        /// what a stream takes is small.
        @Test func threeHundredAreFedAndTheNextIsSentOn() async throws {
            try await TestCluster.run(count: 4, voters: 3) { cluster in
                let server = cluster[3]
                try await eventually("it is fed") { try server.node.feedFacts.source != nil }
                let id = try #require(try server.node.view().catalog.cluster?.id)
                let before = try residentBytes()
                let crowd = Crowd()
                let address = server.address
                let clients = (1...FeedTree.streamsPerServer).map {
                    client(UInt64(1_000 + $0), of: id)
                }
                defer { for client in clients { client.shutDown() } }
                let readings = clients.enumerated().map { number, client in
                    Task { await follow(client, at: address) { crowd.isFed(number) } }
                }
                try await eventually("300 are fed", within: .seconds(60)) {
                    try server.node.feedFacts.streams == FeedTree.streamsPerServer
                        && crowd.count == FeedTree.streamsPerServer
                }
                let each = max(0, try residentBytes() - before) / FeedTree.streamsPerServer
                print("a stream and its follower take \(each / 1024) KiB of this process")
                #expect(each < 256 << 10)

                let late = client(2_000, of: id)
                defer { late.shutDown() }
                let refusal = await follow(late, at: server.address) {}
                #expect(refusal?.code == PeerFailureCode.full.rawValue)
                let others = FeedReferral.decode(refusal?.body ?? [])
                #expect(others.count == FeedAdmission.mostNamed)
                #expect(others.allSatisfy { (1_001...1_300).contains($0.rawValue) })

                for number in 0..<Self.commandCount {
                    try await cluster[0].write(put("/m\(number)"))
                }
                for reading in readings { #expect(await reading.value == nil) }
            }
        }
    }
}
