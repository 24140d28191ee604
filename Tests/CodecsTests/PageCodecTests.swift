// SPDX-License-Identifier: Apache-2.0
import Codecs
import PlacementCore
import Primitives
import Testing

@Suite struct PageCodecTests {
    private static let cluster = ClusterID(UniqueID(high: 1, low: 2))

    static let failures: [PageFailure] = [
        .notFound, .notADirectory, .isADirectory, .accessDenied(code: "AccessDenied"), .stale,
        .invalidPath("why"), .rangeNotSatisfiable(byteCount: .max), .timedOut, .originFailed("why"),
        .staleCatalog(ageMS: 1 << 40), .overloaded, .misconfigured("why"), .corrupt,
        .unknownCredential("lake"), .originChanged,
        .originThrottled(status: 503), .originStatus(500, code: "x"), .originTimedOut(afterMS: 9),
        .originUnreachable("why"), .originBrokenBody("why"), .originIO(errno: 5), .unknownMount,
        .stopping, .abandoned,
    ]

    @Test(arguments: failures) func everyFailureTravels(failure: PageFailure) throws {
        let bytes = PageReplyHead.failure(failure).encoded(id: 1)
        #expect(
            try PageReplyHead(kind: bytes[4], decoding: Array(bytes[13...])) == .failure(failure)
        )
    }

    @Test func codesOfFailuresAreDistinct() {
        #expect(Set(Self.failures.map(\.code)).count == Self.failures.count)
    }

    @Test func longTextsAreCutBetweenCharacters() throws {
        let text = String(repeating: "é", count: 600)
        let bytes = PageReplyHead.failure(.originFailed(text)).encoded(id: 1)
        let head = try PageReplyHead(kind: bytes[4], decoding: Array(bytes[13...]))
        #expect(head == .failure(.originFailed(String(repeating: "é", count: 512))))
    }

    private static func read(_ change: (inout PageReadRequest) -> Void) -> PageRequest {
        var request = PageReadRequest(
            mode: .read,
            epoch: RingEpoch(1),
            region: "r",
            mount: "/m",
            origin: OriginID(1),
            key: "k",
            version: "v",
            objectByteCount: 100,
            modifiedUnixNS: 0,
            page: 0,
            range: 0..<100
        )
        change(&request)
        return .read(request)
    }

    static let impossibleReads: [PageRequest] = [
        read { $0.range = 5..<5 },
        read { $0.range = 0..<101 },
        read { $0.page = 1 },
        read { $0.objectByteCount = 0 },
        read { $0.objectByteCount = .max },
        read { $0.objectByteCount = PageGeometry.maximumObjectByteCount + 1 },
        .list(path: "/", after: nil, limit: 0),
        .list(path: "/", after: nil, limit: 10_001),
        offer(unit: 0, pages: 0),
        offer(unit: 2, pages: 1),
        offer(unit: 1, pages: 1 << 16),
        offer(unit: 0, pages: 0x1_FFFF),
        offer(unit: 0, pages: 1, byteCount: .max),
        offer(unit: 0, pages: 1, count: 65),
        offer(unit: 0, pages: 0xF, count: 17),
        offer(unit: 0, pages: 1, count: 0),
        .holdings([]),
        .holdings(Array(repeating: object(byteCount: 1), count: 513)),
    ]

    private static func object(byteCount: UInt64) -> PageObject {
        PageObject(origin: OriginID(1), key: "k", version: "v", byteCount: byteCount)
    }

    /// Of an object of 80 MiB, unless told.
    private static func offer(
        unit: UInt32,
        pages: UInt64,
        byteCount: UInt64 = 80 << 20,
        count: Int = 1
    ) -> PageRequest {
        let unit = PageOfferUnit(object: object(byteCount: byteCount), unit: unit, pages: pages)
        return .offer(
            PageOffer(
                epoch: RingEpoch(1),
                region: "r",
                giver: NodeID(1),
                units: Array(repeating: unit, count: count)
            )
        )
    }

    @Test func theLargestOfferPasses() throws {
        let largest = [
            Self.offer(unit: 0, pages: 0xFFFF),
            Self.offer(unit: 1, pages: 0xFFFF),
            Self.offer(unit: 0, pages: 1, byteCount: 4_096, count: 64),
            .holdings(Array(repeating: Self.object(byteCount: 1), count: 512)),
        ]
        for request in largest {
            let bytes = request.encoded(id: 1)
            #expect(try PageRequest(kind: bytes[4], decoding: Array(bytes[13...])) == request)
        }
    }

    /// What an object does not have is refused here, so that no handler ever sees it.
    @Test(arguments: impossibleReads) func impossibleRequestsAreErrors(request: PageRequest) {
        let bytes = request.encoded(id: 1)
        #expect(throws: ByteDecodingError.self) {
            try PageRequest(kind: bytes[4], decoding: Array(bytes[13...]))
        }
    }

    /// Goal: bytes that nobody vouches for give a value or an error, never a trap.
    @Test(arguments: UInt64(1)...20) func garbageIsAnError(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        var errorCount = 0
        for _ in 0..<500 {
            let bytes = (0..<Int.random(in: 0...80, using: &random)).map { _ in
                random.chance(percent: 50) ? 0 : UInt8.random(in: 0...255, using: &random)
            }
            let kind = UInt8.random(in: 0...13, using: &random)
            do { _ = try PageRequest(kind: kind, decoding: bytes) } catch { errorCount += 1 }
            let reply = kind + 127
            do { _ = try PageReplyHead(kind: reply, decoding: bytes) } catch { errorCount += 1 }
            do { _ = try PageClientHello(decoding: bytes) } catch { errorCount += 1 }
            do { _ = try PageServerHello(decoding: bytes) } catch { errorCount += 1 }
        }
        #expect(errorCount > 1000, "seed \(seed)")
    }

    static let whole: [PageRequest] = [
        read { _ in }, offer(unit: 1, pages: 0b11, count: 3),
        .holdings([object(byteCount: 1), object(byteCount: 2)]),
    ]

    @Test(arguments: whole) func requestsCutAnywhereAreErrors(request: PageRequest) {
        let frame = request.encoded(id: 1)
        let (kind, bytes) = (frame[4], Array(frame[13...]))
        for count in 0..<bytes.count {
            #expect(throws: ByteDecodingError.self) {
                try PageRequest(kind: kind, decoding: Array(bytes.prefix(count)))
            }
        }
        #expect(throws: ByteDecodingError.self) {
            try PageRequest(kind: kind, decoding: bytes + [0])
        }
    }

    /// Goal: an offer that is damaged on its way is an error, or one within all bounds.
    @Test(arguments: UInt64(1)...10) func damagedOffersStayWithinBounds(seed: UInt64) {
        var random = SplitMix64(seed: seed)
        let frame = Self.offer(unit: 1, pages: 0b1011, count: 4).encoded(id: 1)
        var passed = 0
        for _ in 0..<500 {
            var bytes = Array(frame[13...])
            for _ in 0..<Int.random(in: 1...3, using: &random) {
                let index = bytes.indices.randomElement(using: &random) ?? 0
                bytes[index] = UInt8.random(in: 0...255, using: &random)
            }
            guard let request = try? PageRequest(kind: frame[4], decoding: bytes),
                case .offer(let offer) = request
            else { continue }
            passed += 1
            #expect((1...PageOffer.maximumPageCount).contains(offer.pageCount))
            #expect(offer.units.allSatisfy { $0.byteCount != nil }, "seed \(seed)")
            let sum = offer.units.reduce(UInt64(0)) { $0 + ($1.byteCount ?? 0) }
            #expect(sum <= PageOffer.maximumByteCount, "seed \(seed)")
        }
        #expect(passed > 0, "seed \(seed): every damage was an error, and nothing was tested")
    }

    /// A listing too long for a frame ends early and says so.
    @Test func longDirectoriesAskToBeContinued() throws {
        let attributes = PageAttributes(
            kind: .file,
            byteCount: 1,
            modifiedUnixNS: 0,
            version: ByteString(String(repeating: "v", count: 1000)),
            validFor: nil
        )
        let entries = (0..<2000).map {
            PageDirectoryEntry(name: ByteString("file-\($0)"), attributes: attributes)
        }
        let whole = PageDirectory(entries: entries, hasMore: false)
        let bytes = PageReplyHead.directory(whole).encoded(id: 1)
        #expect(bytes.count - 4 <= PageProtocol.maximumReplyByteCount)
        let head = try PageReplyHead(kind: bytes[4], decoding: Array(bytes[13...]))
        guard case .directory(let part) = head else {
            Issue.record("no directory")
            return
        }
        #expect(part.hasMore)
        #expect(part.entries == Array(entries.prefix(part.entries.count)))
        #expect((900...1100).contains(part.entries.count))
    }

    // swift-format-ignore
    static let terms: [(name: String, terms: PageProtocolTerms, cluster: ClusterID, word: String?)] = [
        ("same",         terms(),                   cluster, nil),
        ("newer, too",   terms(newest: 9),          cluster, nil),
        ("only newer",   terms(oldest: 2, newest: 9), cluster, "protocol"),
        ("only older",   terms(oldest: 0, newest: 0), cluster, "protocol"),
        ("other pages",  terms(page: 4096),         cluster, "pages"),
        ("other units",  terms(unit: 4096),         cluster, "units"),
        ("other cluster", terms(), ClusterID(UniqueID(high: 1, low: 3)), "cluster"),
    ]

    private static func terms(
        oldest: UInt16 = 1,
        newest: UInt16 = 1,
        page: UInt32 = 1 << 20,
        unit: UInt32 = 64 << 20
    ) -> PageProtocolTerms {
        PageProtocolTerms(
            oldestVersion: oldest,
            newestVersion: newest,
            pageByteCount: page,
            unitByteCount: unit
        )
    }

    @Test(arguments: terms.indices) func whoIsRefusedIsToldWhy(row: Int) {
        let row = Self.terms[row]
        let welcome = PageServerWelcome(cluster: Self.cluster, node: NodeID(1), name: "w1")
        let hello = PageClientHello(terms: row.terms, cluster: row.cluster, name: "c")
        let objection = welcome.objection(to: hello)
        #expect((objection == nil) == (row.word == nil), "\(row.name)")
        if let word = row.word { #expect(objection?.contains(word) == true, "\(row.name)") }
    }
}
