// SPDX-License-Identifier: Apache-2.0
import ClientRuntime
import Codecs
import Dispatch
import NIOCore
import NIOPosix
import Origins
import PageStorage
import PageTransport
import PlacementCore
import Primitives
import Telemetry
import TestKit
import Testing
import WorkerRuntime

@Suite(.serialized)
struct PageServiceTests {
    /// Goal: however many read a cold object, and however they hint, each byte is fetched once.
    ///
    /// Method: readers with a seed each walk the pages in an order of their own, all at once; the
    /// origin's own log of ranges must cover the object without overlap.
    @Test(arguments: UInt64(1)...6) func everyByteIsFetchedExactlyOnce(seed: UInt64) async throws {
        let rig = try PageRig()
        let byteCount = 11 * pageBytes + 4_321
        let bytes = rig.put("big", byteCount: byteCount)
        try await withThrowingTaskGroup(of: Void.self) { group in
            for reader in 0..<8 {
                group.addTask {
                    var random = SplitMix64(seed: seed * 100 + UInt64(reader))
                    for page in (UInt32(0)..<12).shuffled(using: &random) {
                        let ahead = random.chance(percent: 50) ? random.next() % (16 << 20) : 0
                        let request = rig.request(
                            "big",
                            byteCount: byteCount,
                            page: page,
                            readAhead: ahead
                        )
                        let reply = await rig.pages.read(request)
                        let start = Int(page) * pageBytes
                        let end = min(start + pageBytes, byteCount)
                        let isRight = reply.bytes == Array(bytes[start..<end])
                        #expect(isRight, "seed \(seed), page \(page): \(reply)")
                    }
                }
            }
            try await group.waitForAll()
        }
        let fetched = rig.origin.reads.sorted { $0.lowerBound < $1.lowerBound }
        var end: UInt64 = 0
        for range in fetched {
            #expect(range.lowerBound == end, "seed \(seed): \(fetched)")
            #expect(range.count <= 8 * pageBytes)
            end = range.upperBound
        }
        #expect(end == UInt64(byteCount), "seed \(seed)")
        #expect(
            rig.registry.counter(.originReadBytes, "/data/a", "read").value == UInt64(byteCount)
        )
        let stored = await eventually {
            rig.store.pages(of: rig.object("big", byteCount: byteCount)).count == 12
        }
        #expect(stored)
    }

    @Test func aFetchNeverCrossesIntoTheNextUnit() async throws {
        let rig = try PageRig()
        let byteCount = 70 * pageBytes
        _ = rig.put("huge", byteCount: byteCount)
        for page in [UInt32(60), 63] {
            let request = rig.request(
                "huge",
                byteCount: byteCount,
                page: page,
                range: 0..<1,
                readAhead: 32 << 20
            )
            #expect(await rig.pages.read(request).bytes?.count == 1)
        }
        #expect(
            await eventually {
                rig.store.pages(of: rig.object("huge", byteCount: byteCount)) == [60, 61, 62, 63]
            }
        )
        #expect(rig.origin.reads == [UInt64(60 * pageBytes)..<UInt64(64 * pageBytes)])
    }

    @Test func readAheadComesInRangesOfEightPagesAndItsHintIsBounded() async throws {
        let rig = try PageRig()
        let byteCount = 64 * pageBytes
        _ = rig.put("long", byteCount: byteCount)
        let request = rig.request("long", byteCount: byteCount, page: 0, readAhead: .max)
        _ = await rig.pages.read(request)
        #expect(
            await eventually {
                rig.store.pages(of: rig.object("long", byteCount: byteCount)).count == 33
            }
        )
        let counts = rig.origin.reads.map { $0.count / pageBytes }.sorted()
        #expect(counts == [4, 5, 8, 8, 8])
    }

    /// Goal: a disk that takes its time delays no reader of what has arrived.
    ///
    /// Method: the one thread of the store's pool is held until every page of a run was answered.
    @Test func noReaderOfARunWaitsForTheDisk() async throws {
        let pool = NIOThreadPool(numberOfThreads: 1)
        pool.start()
        let rig = try PageRig(blocking: pool)
        let byteCount = 4 * pageBytes
        _ = rig.put("x", byteCount: byteCount)
        let disk = DispatchSemaphore(value: 0)
        pool.submit { _ in _ = disk.wait(timeout: .now() + 20) }
        rig.origin.hold()
        let answered = await withTaskGroup(of: Bool.self) { group in
            for page in UInt32(0)..<4 {
                let request = rig.request("x", byteCount: byteCount, page: page, readAhead: 3 << 20)
                group.addTask { await rig.pages.read(request).bytes != nil }
                if page == 0 { #expect(await eventually { rig.origin.reads.count == 1 }) }
            }
            rig.origin.release()
            return await group.reduce(into: 0) { $0 += $1 ? 1 : 0 }
        }
        #expect(answered == 4)
        #expect(rig.store.pages(of: rig.object("x", byteCount: byteCount)).isEmpty)
        disk.signal()
        #expect(await eventually { rig.pages.fetching == 0 })
        try await pool.shutdownGracefully()
        // What is stored cannot be read any more: the reader is sent on, once, and not told to wait.
        let request = rig.request("x", byteCount: byteCount, page: 0)
        #expect(await rig.pages.read(request) == .failure(.corrupt))
    }

    @Test func onlyIfPresentNeverFetchesButJoinsWhatIsUnderWay() async throws {
        let rig = try PageRig()
        let bytes = rig.put("x", byteCount: 1_000)
        let ifPresent = rig.request("x", byteCount: 1_000, page: 0, mode: .readIfPresent)
        #expect(await rig.pages.read(ifPresent) == .miss)
        #expect(rig.origin.reads.isEmpty)

        rig.origin.hold()
        async let fetching = rig.pages.read(rig.request("x", byteCount: 1_000, page: 0))
        #expect(await eventually { rig.origin.reads.count == 1 })
        async let joining = rig.pages.read(ifPresent)
        rig.origin.release()
        #expect(await fetching.bytes == bytes)
        #expect(await joining.bytes == bytes)
        #expect(rig.origin.reads.count == 1)
    }

    @Test func aFailureIsEverybodysAnswerAndRememberedByNobody() async throws {
        let rig = try PageRig()
        let bytes = rig.put("x", byteCount: 1_000)
        rig.origin.fail(with: .throttled(status: 503))
        rig.origin.hold()
        let request = rig.request("x", byteCount: 1_000, page: 0)
        async let first = rig.pages.read(request)
        async let second = rig.pages.read(request)
        #expect(await eventually { rig.origin.reads.count == 1 })
        rig.origin.release()
        for reply in await [first, second] {
            #expect(reply == .failure(.originThrottled(status: 503)))
        }
        rig.origin.fail(with: nil)
        #expect(await rig.pages.read(request).bytes == bytes)
    }

    /// Goal: with as many pages in flight as there may be, one more reader waits; nothing is fetched twice.
    @Test func oneMoreReaderThanThereIsRoomForWaits() async throws {
        let rig = try PageRig()
        let count = FillTable.pageLimit + 20
        for number in 0..<count { _ = rig.put(ByteString("f\(number)"), byteCount: 10) }
        rig.origin.hold()
        let replies = await withTaskGroup(of: PageReply.self) { group in
            for number in 0..<count {
                let request = rig.request(ByteString("f\(number)"), byteCount: 10, page: 0)
                group.addTask { await rig.pages.read(request) }
            }
            #expect(await eventually { rig.origin.reads.count == FillTable.pageLimit })
            rig.origin.release()
            return await group.reduce(into: []) { $0.append($1) }
        }
        #expect(replies.allSatisfy { $0.bytes?.count == 10 })
        #expect(rig.origin.reads.count == count)
    }

    @Test func aChangedObjectIsNeverMixedIn() async throws {
        let rig = try PageRig()
        _ = rig.put("x", byteCount: 2 * pageBytes)
        let byteCount = 2 * pageBytes
        let first = rig.request("x", byteCount: byteCount, page: 0)
        rig.origin.put("p/x", Array(repeating: 1, count: byteCount), version: "v2")
        #expect(await rig.pages.read(first) == .failure(.originChanged))
        #expect(rig.store.pages(of: rig.object("x", byteCount: byteCount)).isEmpty)
        rig.origin.remove("p/x")
        #expect(await rig.pages.read(first) == .failure(.stale))
    }

    @Test func whatDoesNotFitIsServedAllTheSame() async throws {
        let rig = try PageRig(mebibytes: 1)
        let byteCount = 3 * pageBytes
        let bytes = rig.put("x", byteCount: byteCount)
        for _ in 0..<2 {
            for page in UInt32(0)..<3 {
                let reply = await rig.pages.read(rig.request("x", byteCount: byteCount, page: page))
                let start = Int(page) * pageBytes
                let isRight = reply.bytes == Array(bytes[start..<start + pageBytes])
                #expect(isRight)
            }
        }
        #expect(rig.store.pages(of: rig.object("x", byteCount: byteCount)).count <= 1)
    }

    @Test func aRestartKeepsThePages() async throws {
        let scratch = try ScratchDirectory()
        let origin = MemoryOrigin()
        let byteCount = 2 * pageBytes + 5
        do {
            let rig = try PageRig(origin: origin, scratch: scratch)
            _ = rig.put("x", byteCount: byteCount)
            for page in UInt32(0)..<3 {
                _ = await rig.pages.read(rig.request("x", byteCount: byteCount, page: page))
            }
            #expect(
                await eventually {
                    rig.store.pages(of: rig.object("x", byteCount: byteCount)).count == 3
                }
            )
        }
        let before = origin.reads.count
        let rig = try #require(await Self.reopened(origin, scratch))
        for page in UInt32(0)..<3 {
            let reply = await rig.pages.read(rig.request("x", byteCount: byteCount, page: page))
            guard case .page(_, _, .local, _) = reply, reply.bytes != nil else {
                Issue.record("page \(page): \(reply)")
                continue
            }
        }
        #expect(origin.reads.count == before)
    }

    /// The first worker's last tasks may hold its directory for a moment.
    private static func reopened(
        _ origin: MemoryOrigin,
        _ scratch: ScratchDirectory
    ) async -> PageRig? {
        var rig: PageRig?
        _ = await eventually {
            rig = try? PageRig(origin: origin, scratch: scratch)
            return rig != nil
        }
        return rig
    }

    @Test(arguments: [0..<1, 5..<900, 999..<1_000, 0..<1_000] as [Range<UInt32>])
    func partsCarryTheirOwnChecksum(range: Range<UInt32>) async throws {
        let rig = try PageRig()
        let bytes = rig.put("x", byteCount: 1_000)
        let expected = Array(bytes[Int(range.lowerBound)..<Int(range.upperBound)])
        for _ in 0..<2 {  // From the origin, then from the store.
            let request = rig.request("x", byteCount: 1_000, page: 0, range: range)
            #expect(await rig.pages.read(request).bytes == expected)
        }
        #expect(rig.origin.reads == [0..<1_000])
    }

    @Test func whatCannotBeIsRefused() async throws {
        let rig = try PageRig()
        _ = rig.put("x", byteCount: 1_000)
        let beyond = rig.request("x", byteCount: 1_000, page: 1, range: 0..<1)
        #expect(await rig.pages.read(beyond) == .failure(.rangeNotSatisfiable(byteCount: 1_000)))
        let long = rig.request("x", byteCount: 1_000, page: 0, range: 0..<1_001)
        #expect(await rig.pages.read(long) == .failure(.rangeNotSatisfiable(byteCount: 1_000)))
        let stranger = rig.request("x", byteCount: 1_000, page: 0, mount: "/nowhere")
        #expect(await rig.pages.read(stranger) == .failure(.unknownMount))
        #expect(rig.origin.reads.isEmpty)
    }

    @Test(arguments: [(true, "cold"), (false, "worker-down")])
    func aMissIsCountedOnceWithItsReason(isFiller: Bool, reason: String) async throws {
        let rig = try PageRig(isFiller: isFiller)
        let byteCount = 4 * pageBytes
        _ = rig.put("x", byteCount: byteCount)
        for page in UInt32(0)..<4 {
            let request = rig.request("x", byteCount: byteCount, page: page, readAhead: 3 << 20)
            _ = await rig.pages.read(request)
        }
        #expect(rig.registry.counter(.cacheMisses, "/data/a", reason).value == 1)
    }

    // MARK: - The handler's other answers

    @Test func aMountThatIsNotKnownYetIsNoMissingFile() async throws {
        let rig = try PageRig()
        for request in [
            .attributes(path: "/new/x", view: .posix, gone: nil),
            .list(path: "/new", after: nil, limit: 5),
        ] as [PageRequest] {
            #expect(await rig.worker.answer(request) == .failure(.unknownMount))
        }
        rig.origin.put("p/x", [1])
        let known = await rig.worker.answer(.list(path: "/data/a", after: nil, limit: 5))
        guard case .directory(let page) = known else {
            Issue.record("\(known)")
            return
        }
        #expect(page.entries.map(\.name) == ["x"])
    }

    @Test func aReportIsCounted() async throws {
        let rig = try PageRig()
        let report = PageReadReport(mount: "/data/a", client: .fuse, source: .peer, byteCount: 42)
        #expect(await rig.worker.answer(.report(report)) == .pong)
        #expect(rig.registry.counter(.cacheReadBytes, "/data/a", "fuse", "peer").value == 42)
    }
}
