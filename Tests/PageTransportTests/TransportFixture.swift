// SPDX-License-Identifier: Apache-2.0
import Codecs
import Foundation
import NIOCore
import NIOPosix
import PageTransport
import Primitives
import Synchronization

let testCluster = ClusterID(UniqueID(high: 0x0102_0304_0506_4708, low: 0x8902_0304_0506_0708))
let testIdentity = PageServerIdentity(cluster: testCluster, node: NodeID(3), name: "w3")

/// Answers requests as a test says.
struct ScriptedHandler: PageRequestHandler {
    let script: @Sendable (PageRequest, PageReplyWriter) -> Void

    init(_ script: @escaping @Sendable (PageRequest, PageReplyWriter) -> Void) {
        self.script = script
    }

    func handle(
        _ request: PageRequest,
        from client: PageClientDescription,
        reply: PageReplyWriter
    ) {
        script(request, reply)
    }
}

/// Bytes of one page, the same for whoever asks.
func pageBytes(_ page: UInt32) -> [UInt8] {
    var random = SplitMix64(seed: UInt64(page) + 1)
    var block = (0..<4096).map { _ in UInt8(truncatingIfNeeded: random.next()) }
    var bytes: [UInt8] = []
    for number in UInt8(0)...255 {
        block[0] = number
        bytes += block
    }
    return bytes
}

func readRequest(
    page: UInt32 = 0,
    range: Range<UInt32> = 0..<(1 << 20),
    mode: PageReadRequest.Mode = .read
) -> PageReadRequest {
    PageReadRequest(
        mode: mode,
        epoch: RingEpoch(1),
        region: "default",
        mount: "/data",
        origin: OriginID(1),
        key: "key",
        version: "v",
        objectByteCount: 64 << 20,
        modifiedUnixNS: 0,
        page: page,
        range: range
    )
}

/// Serves the pages of ``pageBytes(_:)``.
let pageHandler = ScriptedHandler { request, reply in
    switch request {
    case .read(let read):
        let bytes = Array(
            pageBytes(read.page)[Int(read.range.lowerBound)..<Int(read.range.upperBound)]
        )
        reply.complete(
            .page(ByteBuffer(bytes: bytes), checksum: CRC32C.checksum(bytes), source: .local)
        )
    case .attributes, .list, .offer, .holdings: reply.complete(.failure(.notFound))
    case .capacity: reply.complete(.capacity(total: 10, used: 4))
    case .ping: reply.complete(.pong)
    case .report: break
    }
}

/// Half a second to connect, and one to answer, is much within one machine, and little where tests fill
/// its cores.
let patientLimits = {
    var limits = PageClientLimits.standard
    limits.connectTimeout = .seconds(10)
    limits.quiet = .seconds(10)
    return limits
}()

/// A server and a client on loopback, ended with the test.
func withServer(
    _ handler: any PageRequestHandler,
    listening addresses: [PageAddress] = [.tcp(host: "127.0.0.1", port: 0)],
    socketGroup: UInt32? = nil,
    limits: PageServerLimits = .standard,
    clientLimits: PageClientLimits = patientLimits,
    clientCluster: ClusterID = testCluster,
    _ body: (PageServer, PageClient, PageAddress) async throws -> Void
) async throws {
    let group = MultiThreadedEventLoopGroup.singleton
    let server = try await PageServer.start(
        group: group,
        listening: addresses,
        socketGroup: socketGroup,
        identity: { testIdentity },
        handler: handler,
        limits: limits
    )
    let client = PageClient(
        group: group,
        cluster: clientCluster,
        name: "test",
        limits: clientLimits
    )
    do {
        try await body(server, client, server.addresses[0])
    } catch {
        await client.close()
        await server.stop()
        throw error
    }
    await client.close()
    await server.stop()
}

/// Waits for a fact; `false` where it does not come true within 10 s.
func eventually(_ fact: () async -> Bool) async -> Bool {
    for _ in 0..<1000 {
        if await fact() { return true }
        try? await Task.sleep(for: .milliseconds(10))
    }
    return false
}

/// A path short enough for a unix socket, unlike those below the build directory.
func socketPath() -> String {
    "/tmp/tarn-page-\(UInt32.random(in: 0...UInt32.max)).sock"
}
