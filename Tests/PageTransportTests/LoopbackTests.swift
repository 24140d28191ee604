// SPDX-License-Identifier: Apache-2.0
import Codecs
import Foundation
import NIOCore
import PageTransport
import Primitives
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct LoopbackTests {
    /// Eight readers at once, whole pages and parts, every byte compared.
    private func readAndCompare(_ client: PageClient, _ address: PageAddress) async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for reader in UInt32(0)..<8 {
                group.addTask {
                    for page in UInt32(0)..<4 {
                        let range = reader % 2 == 0 ? 0..<(1 << 20) : (reader * 100)..<(1 << 19)
                        let answer = try await client.read(
                            readRequest(page: page, range: range),
                            at: address,
                            timeout: .seconds(30)
                        )
                        guard case .page(let bytes, let checksum, .local, _) = answer else {
                            Issue.record("\(answer)")
                            return
                        }
                        let expected = Array(
                            pageBytes(page)[Int(range.lowerBound)..<Int(range.upperBound)]
                        )
                        #expect(Array(bytes.readableBytesView) == expected)
                        #expect(checksum == CRC32C.checksum(expected))
                    }
                }
            }
            try await group.waitForAll()
        }
    }

    @Test func pagesTravelOverTCP() async throws {
        try await withServer(pageHandler) { server, client, address in
            try await readAndCompare(client, address)
            #expect(server.statistics.requestCount == 32)
            #expect(server.statistics.acceptedCount <= 2, "connections are shared")
        }
    }

    @Test func pagesTravelOverAUnixSocket() async throws {
        let path = socketPath()
        try await withServer(pageHandler, listening: [.unix(path: path)]) { _, client, address in
            #expect(address == .unix(path: path))
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.posixPermissions] as? Int == 0o660)
            try await readAndCompare(client, address)
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    /// Root may give the file to any group, everybody else only to one of their own.
    @Test func theSocketBelongsToItsGroup() async throws {
        let path = socketPath()
        let group = getuid() == 0 ? 1 : getgid()
        try await withServer(
            pageHandler,
            listening: [.unix(path: path)],
            socketGroup: group
        ) { _, client, address in
            let attributes = try FileManager.default.attributesOfItem(atPath: path)
            #expect(attributes[.groupOwnerAccountID] as? UInt32 == group)
            #expect(attributes[.ownerAccountID] as? UInt32 == getuid())
            #expect(attributes[.posixPermissions] as? Int == 0o660)
            try await readAndCompare(client, address)
        }
        #expect(!FileManager.default.fileExists(atPath: path))
    }

    @Test func everyCallHasItsAnswer() async throws {
        let attributes = PageAttributes(
            kind: .file,
            byteCount: 1,
            modifiedUnixNS: 2,
            version: "v",
            validFor: nil
        )
        let directory = PageDirectory(
            entries: [PageDirectoryEntry(name: "n", attributes: attributes)],
            hasMore: false
        )
        let log = RequestLog()
        let handler = ScriptedHandler { request, reply in
            log.append(request)
            switch request {
            case .attributes(let path, _, _):
                reply.complete(path == "/a" ? .attributes(attributes) : .failure(.notFound))
            case .list: reply.complete(.directory(directory))
            case .capacity: reply.complete(.capacity(total: 10, used: 4))
            case .ping: reply.complete(.pong)
            case .read: reply.complete(.miss)
            case .offer: reply.complete(.offered([.stored]))
            case .holdings: reply.complete(.holdings(byteCount: 7))
            case .report: break
            }
        }
        try await withServer(handler) { _, client, address in
            let (patience, peer) = (Duration.seconds(10), address)
            try await client.ping(at: peer, timeout: patience)
            #expect(
                try await client.attributes(of: "/a", view: .posix, at: peer, timeout: patience)
                    == attributes
            )
            await #expect(throws: PageClientError.failed(.notFound)) {
                try await client.attributes(of: "/b", view: .object, at: peer, timeout: patience)
            }
            #expect(
                try await client.list("/", after: nil, limit: 5, at: peer, timeout: patience)
                    == directory
            )
            let capacity = try await client.capacity(at: peer, timeout: patience)
            #expect(capacity == (10, 4))
            #expect(
                try await client.read(readRequest(), at: peer, timeout: patience) == .miss
            )
            let object = PageObject(origin: OriginID(1), key: "k", version: "v", byteCount: 9)
            let held = try await client.holdings(of: [object], at: peer, timeout: patience)
            #expect(held == 7)
            func offer(_ pages: UInt64) -> PageOffer {
                PageOffer(
                    epoch: RingEpoch(1),
                    region: "r",
                    giver: NodeID(1),
                    units: [PageOfferUnit(object: object, unit: 0, pages: pages)]
                )
            }
            #expect(try await client.offer(offer(1), at: peer, timeout: patience) == [.stored])
            let report = PageReadReport(mount: "/d", client: .fuse, source: .peer, byteCount: 9)
            try await client.report(report, at: peer, timeout: patience)
            #expect(await eventually { log.requests.contains(.report(report)) })
        }
    }

    @Test func twoClustersDoNotMix() async throws {
        let other = ClusterID(UniqueID(high: 9, low: 9))
        try await withServer(pageHandler, clientCluster: other) { server, client, address in
            // Many times: a refusal that a TCP reset could take along would be lost now and then.
            for _ in 0..<50 {
                let error = await #expect(throws: PageClientError.self) {
                    try await client.ping(at: address, timeout: .seconds(10))
                }
                guard case .refused(let reason) = error else {
                    Issue.record("not refused but \(String(describing: error))")
                    return
                }
                #expect(reason.contains("\(testCluster)"))
            }
            #expect(server.statistics.refusedCount >= 1)
        }
    }

    @Test func oneSocketHasOneServer() async throws {
        let path = socketPath()
        try await withServer(pageHandler, listening: [.unix(path: path)]) { _, client, address in
            await #expect(throws: PageServerError.addressInUse(address)) {
                try await withServer(pageHandler, listening: [address]) { _, _, _ in }
            }
            try await client.ping(at: address, timeout: .seconds(10))
        }
    }

    @Test func whatIsNoSocketIsLeftAlone() async throws {
        let path = socketPath()
        try Data([1]).write(to: URL(filePath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        await #expect(throws: PageServerError.notASocket(.unix(path: path))) {
            try await withServer(pageHandler, listening: [.unix(path: path)]) { _, _, _ in }
        }
        #expect(FileManager.default.fileExists(atPath: path))
    }

    @Test func aPortTakenIsNamed() async throws {
        try await withServer(pageHandler) { _, _, address in
            await #expect(throws: PageServerError.addressInUse(address)) {
                try await withServer(pageHandler, listening: [address]) { _, _, _ in }
            }
        }
    }

    /// Goal: a fill longer than the silence limit is waited for, because the worker says so.
    @Test func aSlowFillIsWaitedFor() async throws {
        var (limits, clientLimits) = (PageServerLimits.standard, PageClientLimits.standard)
        limits.fillingInterval = .milliseconds(50)
        clientLimits.silence = .seconds(1)
        let handler = ScriptedHandler { request, reply in
            reply.filling()
            Task {
                // tested: an origin that takes its time.
                try await Task.sleep(for: .milliseconds(2500))
                pageHandler.script(request, reply)
            }
        }
        try await withServer(handler, limits: limits, clientLimits: clientLimits) {
            _,
            client,
            address in
            let answer = try await client.read(readRequest(), at: address, timeout: .seconds(20))
            guard case .page = answer else {
                Issue.record("\(answer)")
                return
            }
            let hedge = try await client.read(
                readRequest(mode: .readIfPresent),
                at: address,
                timeout: .seconds(20),
                whileFilling: .answer
            )
            #expect(hedge == .filling)
        }
    }

    /// Goal: a fill that nobody speaks of is silence, and the connection goes on for others.
    @Test func aRequestThatNobodySpeaksOfIsSilent() async throws {
        var clientLimits = PageClientLimits.standard
        clientLimits.silence = .milliseconds(200)
        let shelf = ReplyShelf()
        let handler = ScriptedHandler { request, reply in
            if case .read = request { shelf.keep(reply) } else { reply.complete(.pong) }
        }
        try await withServer(handler, clientLimits: clientLimits) { _, client, address in
            let start = ContinuousClock.now
            await #expect(throws: PageClientError.silent) {
                try await client.read(readRequest(), at: address, timeout: .seconds(20))
            }
            #expect(ContinuousClock.now - start >= .milliseconds(200))
            // On a busy machine even a pong can be silent for that long.
            func pings() async -> Bool {
                await eventually {
                    (try? await client.ping(at: address, timeout: .seconds(10))) != nil
                }
            }
            #expect(await pings())
            shelf.answerAll(.miss)  // Too late, and nobody's.
            #expect(await pings())
        }
    }

    @Test func deadlineAndCancellationEndACall() async throws {
        let shelf = ReplyShelf()
        var clientLimits = PageClientLimits.standard
        clientLimits.silence = .minutes(5)
        try await withServer(
            ScriptedHandler { _, reply in shelf.keep(reply) },
            clientLimits: clientLimits
        ) { _, client, address in
            await #expect(throws: PageClientError.timedOut) {
                try await client.ping(at: address, timeout: .milliseconds(100))
            }
            let before = shelf.count
            let task = Task { try await client.ping(at: address, timeout: .seconds(300)) }
            #expect(await eventually { shelf.count > before })
            task.cancel()
            await #expect(throws: PageClientError.cancelled) { try await task.value }
            let early = Task {
                while !Task.isCancelled { await Task.yield() }
                try await client.ping(at: address, timeout: .seconds(300))
            }
            early.cancel()
            await #expect(throws: PageClientError.cancelled) { try await early.value }
        }
    }

    /// Goal: what waits for one worker is bounded, and the rest is served in order.
    @Test func overloadIsSaid() async throws {
        var clientLimits = PageClientLimits.standard
        clientLimits.connectionCount = 1
        clientLimits.requestCount = 2
        clientLimits.waitingCount = 3
        clientLimits.silence = .minutes(5)
        let shelf = ReplyShelf()
        try await withServer(
            ScriptedHandler { _, reply in shelf.keep(reply) },
            clientLimits: clientLimits
        ) { _, client, address in
            let outcomes = await withTaskGroup(of: PageClientError?.self) { group in
                for _ in 0..<8 {
                    group.addTask {
                        do throws(PageClientError) {
                            try await client.ping(at: address, timeout: .seconds(300))
                            return nil
                        } catch {
                            return error
                        }
                    }
                }
                var outcomes: [PageClientError?] = []
                while let outcome = await group.next() {
                    outcomes.append(outcome)
                    // Once three were turned away, the five that are in get their answers.
                    if outcomes.count >= 3 { shelf.answerAll(.pong) }
                }
                return outcomes
            }
            #expect(outcomes.filter { $0 == .overloaded }.count == 3)
            #expect(outcomes.filter { $0 == nil }.count == 5)
        }
    }
}

/// What a server was asked.
final class RequestLog: Sendable {
    private let entries = Mutex<[PageRequest]>([])

    var requests: [PageRequest] { entries.withLock { $0 } }

    func append(_ request: PageRequest) { entries.withLock { $0.append(request) } }
}

/// Requests that wait for an answer; from the first ``answerAll(_:)`` on they get theirs at once.
final class ReplyShelf: Sendable {
    private struct State {
        var replies: [PageReplyWriter] = []
        var answer: PageReply?
    }

    private let state = Mutex(State())

    var count: Int { state.withLock { $0.replies.count } }

    func keep(_ reply: PageReplyWriter) {
        let answer = state.withLock { state in
            if state.answer == nil { state.replies.append(reply) }
            return state.answer
        }
        if let answer { reply.complete(answer) }
    }

    func answerAll(_ answer: PageReply) {
        let replies = state.withLock { state in
            state.answer = answer
            defer { state.replies = [] }
            return state.replies
        }
        for reply in replies { reply.complete(answer) }
    }
}
