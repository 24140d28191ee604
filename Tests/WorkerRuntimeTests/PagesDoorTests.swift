// SPDX-License-Identifier: Apache-2.0
import ClientRuntime
import Codecs
import NIOCore
import NIOPosix
import Origins
import PageStorage
import PageTransport
import Primitives
import TestKit
import Testing
import WorkerRuntime

/// Goal: a worker that is opening its cache keeps its readers, within a bound.
@Suite(.serialized)
struct PagesDoorTests {
    /// Method: over a real connection; the silence allowed is shorter than the opening takes.
    @Test func readersWaitForTheCacheAndAreAnsweredFromIt() async throws {
        let rig = try PageRig()
        let bytes = rig.put("x", byteCount: 1_000)
        let request = rig.request("x", byteCount: 1_000, page: 0)
        _ = await rig.pages.read(request)
        let isStored = await eventually {
            rig.store.contains(rig.object("x", byteCount: 1_000), page: 0)
        }
        #expect(isStored)

        let door = PagesDoor()
        try await Self.served(door) { client, address in
            async let waiting = client.read(request, at: address, timeout: .seconds(60))
            async let listing = client.list(
                "/data/a",
                after: nil,
                limit: 5,
                at: address,
                timeout: .seconds(60)
            )
            async let local = door.answer(.read(request))
            let ifPresent = rig.request("x", byteCount: 1_000, page: 0, mode: .readIfPresent)
            let now = try await client.read(ifPresent, at: address, timeout: .seconds(60))
            #expect(now == .miss)
            try await client.ping(at: address, timeout: .seconds(60))
            // tested: longer than a reader bears to hear nothing.
            try await Task.sleep(for: .milliseconds(1_200))
            door.open(rig.worker)
            guard case .page(let answer, _, .local, _) = try await waiting else {
                Issue.record("not from the store")
                return
            }
            #expect(Array(answer.readableBytesView) == bytes)
            #expect(try await listing.entries.map(\.name) == ["x"])
            #expect(await local?.bytes == bytes)
        }
        #expect(rig.origin.reads.count == 1, "fetched once, before")
    }

    @Test func whoHasWaitedLongEnoughAsksAnother() async throws {
        let rig = try PageRig()
        let request = rig.request("x", byteCount: 1_000, page: 0)
        let door = PagesDoor(patience: .milliseconds(50))
        try await Self.served(door) { client, address in
            await #expect(throws: PageClientError.failed(.stopping)) {
                _ = try await client.read(request, at: address, timeout: .seconds(60))
            }
            #expect(await door.answer(.read(request)) == nil)
            door.open(rig.worker)
            door.close()
            await #expect(throws: PageClientError.failed(.stopping)) {
                _ = try await client.read(request, at: address, timeout: .seconds(60))
            }
        }
    }

    private static func served(
        _ door: PagesDoor,
        _ body: (PageClient, PageAddress) async throws -> Void
    ) async throws {
        let identity = PageServerIdentity(cluster: PageRig.cluster, node: NodeID(1), name: "w1")
        let server = try await PageServer.start(
            group: MultiThreadedEventLoopGroup.singleton,
            listening: [.tcp(host: "127.0.0.1", port: 0)],
            identity: { identity },
            handler: door
        )
        var limits = PageClientLimits.standard
        limits.silence = .seconds(1)
        let client = PageClient(
            group: MultiThreadedEventLoopGroup.singleton,
            cluster: PageRig.cluster,
            name: "test",
            limits: limits
        )
        do {
            try await body(client, server.addresses[0])
        } catch {
            Issue.record(error)
        }
        await client.close()
        await server.stop()
    }
}
