// SPDX-License-Identifier: Apache-2.0
import APIModel
import ClientRuntime
import HTTPAPI
import Primitives
import Synchronization
import Testing

@Suite(.timeLimit(.minutes(1))) struct FileTests {
    /// 3.5 MiB whose bytes tell their offset.
    static let large = (0..<(7 << 19)).map { UInt8(truncatingIfNeeded: $0 &* 31 &+ $0 >> 11) }

    static func world(_ bytes: [UInt8] = Array("0123456789".utf8)) -> World {
        let world = World()
        world.files.state.withLock { state in
            state.files["/f"] = bytes
            state.directories["/d"] = .init(entries: [], hasMore: false)
        }
        return world
    }

    // swift-format-ignore
    static let ranges: [(range: String, status: Int, body: String, contentRange: String?)] = [
        ("bytes=0-0",        206, "0",          "bytes 0-0/10"),
        ("bytes=0-9",        206, "0123456789", "bytes 0-9/10"),
        ("bytes=0-99",       206, "0123456789", "bytes 0-9/10"),
        ("bytes=3-",         206, "3456789",    "bytes 3-9/10"),
        ("bytes=9-",         206, "9",          "bytes 9-9/10"),
        ("bytes=-3",         206, "789",        "bytes 7-9/10"),
        ("bytes=-99",        206, "0123456789", "bytes 0-9/10"),
        ("Bytes=2-3",        206, "23",         "bytes 2-3/10"),
        ("bytes=2-3, 5-6",   200, "0123456789", nil),
        ("bytes=3-2",        200, "0123456789", nil),
        ("bytes=x-2",        200, "0123456789", nil),
        ("bytes=-",          200, "0123456789", nil),
        ("bytes=1",          200, "0123456789", nil),
        ("items=0-1",        200, "0123456789", nil),
        ("bytes=4-99999999999999999999", 206, "456789", "bytes 4-9/10"),
    ]

    @Test(arguments: ranges)
    func rangeIsServed(
        _ row: (range: String, status: Int, body: String, contentRange: String?)
    ) async throws {
        try await withServer(Self.world()) { client in
            let answer = try await client.get("/v1/files/f", ["Range": row.range])
            #expect(answer.status == row.status)
            #expect(answer.text == row.body)
            #expect(answer.headers["content-range"] == row.contentRange)
            #expect(answer.headers["content-length"] == "\(row.body.utf8.count)")
            #expect(answer.headers["accept-ranges"] == "bytes")
        }
    }

    @Test(arguments: ["bytes=10-", "bytes=10-12", "bytes=-0", "bytes=99999999999999999999-"])
    func rangeOutsideIsNotSatisfiable(_ range: String) async throws {
        try await withServer(Self.world()) { client in
            let answer = try await client.get("/v1/files/f", ["Range": range])
            #expect(answer.status == 416)
            #expect(answer.code == "range-not-satisfiable")
            #expect(answer.headers["content-range"] == "bytes */10")
        }
    }

    static let date = "Sun, 06 Nov 1994 08:49:37 GMT"
    static let earlier = "Sun, 06 Nov 1994 08:49:36 GMT"

    // swift-format-ignore
    static let conditions: [(headers: [String: String], status: Int)] = [
        (["If-Match": "\"v1\""],                                       200),
        (["If-Match": "*"],                                            200),
        (["If-Match": "\"v0\", \"v1\""],                               200),
        (["If-Match": "\"v0\""],                                       412),
        (["If-Match": "W/\"v1\""],                                     412),
        (["If-None-Match": "\"v1\""],                                  304),
        (["If-None-Match": "W/\"v1\""],                                304),
        (["If-None-Match": "*"],                                       304),
        (["If-None-Match": "\"v0\""],                                  200),
        (["If-Modified-Since": date],                                  304),
        (["If-Modified-Since": earlier],                               200),
        (["If-Modified-Since": "yesterday"],                           200),
        (["If-Unmodified-Since": date],                                200),
        (["If-Unmodified-Since": earlier],                             412),
        (["If-None-Match": "\"v0\"", "If-Modified-Since": date],       200),
        (["If-Match": "\"v1\"", "If-Unmodified-Since": earlier],       200),
        (["If-Match": "\"v0\"", "If-None-Match": "\"v1\""],            412),
        (["Range": "bytes=0-1", "If-Range": "\"v1\""],                 206),
        (["Range": "bytes=0-1", "If-Range": "\"v0\""],                 200),
        (["Range": "bytes=0-1", "If-Range": "W/\"v1\""],               200),
        (["Range": "bytes=0-1", "If-Range": date],                     206),
        (["Range": "bytes=0-1", "If-Range": earlier],                  200),
        (["Range": "bytes=0-1", "If-None-Match": "\"v1\""],            304),
    ]

    @Test(arguments: conditions)
    func conditionDecides(_ row: (headers: [String: String], status: Int)) async throws {
        try await withServer(Self.world()) { client in
            let answer = try await client.get("/v1/files/f", row.headers)
            #expect(answer.status == row.status, "\(row.headers): \(answer.text)")
            if row.status != 412 {
                #expect(answer.headers["etag"] == "\"v1\"")
                #expect(answer.headers["last-modified"] == Self.date)
            }
        }
    }

    @Test(arguments: [[9, 9, 9], nil] as [[UInt8]?])
    func aVersionReplacedBeforeTheFirstByteIsNoError(bytes: [UInt8]?) async throws {
        let world = Self.world()
        world.files.state.withLock { state in
            state.readError = (0, .stale)
            state.successor = (bytes, "v2")
        }
        try await withServer(world) { client in
            let answer = try await client.get("/v1/files/f")
            #expect(answer.status == (bytes == nil ? 404 : 200), "\(answer.text)")
            guard let bytes else { return }
            #expect(answer.body == bytes)
            #expect(answer.headers["etag"] == "\"v2\"")
        }
    }

    @Test func headIsGetWithoutTheBody() async throws {
        let world = Self.world()
        try await withServer(world) { client in
            let get = try await client.get("/v1/files/f")
            var head = try await client.request("HEAD", "/v1/files/f")
            for name in ["date", "tarn-request-id"] { head.headers[name] = get.headers[name] }
            #expect(head.headers == get.headers)
            #expect(get.headers["content-length"] == "10")
        }
        #expect(world.files.state.withLock { $0.reads.count } == 1, "HEAD read the file")
    }

    /// Goal: a large file comes whole, page by page, several pages on their way.
    @Test func largeFileIsReadInPieces() async throws {
        let world = Self.world(Self.large)
        try await withServer(world) { client in
            let answer = try await client.get("/v1/files/f", ["Range": "bytes=5-3600000"])
            #expect(answer.body == Array(Self.large[5...3_600_000]))
        }
        let reads = world.files.state.withLock { $0.reads }
        let mebibyte: UInt64 = 1 << 20
        #expect(
            reads.map(\.range).sorted { $0.lowerBound < $1.lowerBound } == [
                5..<mebibyte, mebibyte..<(2 * mebibyte), (2 * mebibyte)..<(3 * mebibyte),
                (3 * mebibyte)..<3_600_001,
            ]
        )
        #expect(reads.first?.readAhead == 3_600_001 - mebibyte)
    }

    @Test func readAheadIsPaidForAndGivenBack() async throws {
        var limits = HTTPLimits()
        limits.readAheadBytes = 0
        try await withServer(Self.world(Self.large), limits: limits) { client in
            let answer = try await client.get("/v1/files/f")
            #expect(answer.body == Self.large)
        }
    }

    /// Goal: what breaks midway never looks whole.
    @Test func failureMidwayCutsTheConnection() async throws {
        let world = Self.world(Self.large)
        world.files.state.withLock { $0.readError = (2 << 20, .stale) }
        try await withServer(world) { client in
            let answer = try await client.get("/v1/files/f")
            #expect(answer.status == 200)
            #expect(answer.headers["content-length"] == "\(Self.large.count)")
            #expect(answer.isCut)
            #expect(answer.body.count < Self.large.count)
            #expect(answer.body == Array(Self.large.prefix(answer.body.count)))
        }
    }

    // swift-format-ignore
    static let failures: [(error: FileError, status: Int, code: String)] = [
        (.notFound,                            404, "not-found"),
        (.notADirectory,                       404, "not-found"),
        (.isADirectory,                        404, "not-found"),
        (.accessDenied(code: "AccessDenied"),  403, "not-authorised"),
        (.stale,                               502, "version-vanished"),
        (.invalidPath("why"),                  400, "bad-path"),
        (.rangeNotSatisfiable(size: 10),       416, "range-not-satisfiable"),
        (.timedOut,                            504, "timeout"),
        (.originFailed("503 SlowDown"),        502, "origin-failed"),
        (.staleCatalog(ageMS: 9),              503, "behind"),
        (.overloaded,                          429, "overloaded"),
        (.misconfigured("no credentials"),     502, "origin-failed"),
        (.originTimedOut(afterMS: 30_000),     504, "timeout"),
        (.unknownCredential("lake"),           422, "unknown-credential"),
        (.corrupt,                             502, "origin-failed"),
    ]

    @Test(arguments: failures)
    func failureBeforeTheFirstByteIsAProblem(
        _ row: (error: FileError, status: Int, code: String)
    ) async throws {
        let world = Self.world()
        world.files.state.withLock { $0.readError = (0, row.error) }
        try await withServer(world) { client in
            let answer = try await client.get("/v1/files/f")
            #expect(answer.status == row.status)
            #expect(answer.code == row.code)
            #expect(answer.json["detail"] as? String != "")
            if row.status == 429 { #expect(answer.headers["retry-after"] == "1") }
        }
    }

    // swift-format-ignore
    static let commands: [(error: FileError, path: String, next: String?)] = [
        (.notFound,                        "/data/a/x",   "tarn fs ls /data/a"),
        (.notFound,                        "/x",          "tarn fs ls /"),
        (.isADirectory,                    "/data/a b",   "tarn fs ls '/data/a b'"),
        (.notADirectory,                   "/d'x",        #"tarn fs stat '/d'\''x'"#),
        (.accessDenied(code: ""),          "/data/$x",    "tarn mount resolve '/data/$x'"),
        (.originTimedOut(afterMS: 1),      "/data/a/x",   "tarn mount resolve /data/a/x"),
        (.staleCatalog(ageMS: 9),          "/data/a/x",   "tarn cluster status"),
        (.overloaded,                      "/data/a/x",   nil),
    ]

    @Test(arguments: commands)
    func aFailureNamesTheNextCommand(
        _ row: (error: FileError, path: String, next: String?)
    ) {
        let document = Problem(row.error, path: row.path).document
        #expect(document.next == row.next)
        #expect(document.detail.contains(row.path))
        #expect(Problem(row.error, about: row.path).document.next == nil)
    }

    /// Goal: a log line of whatever works for an answer can name its request.
    @Test func readsKnowTheirRequest() async throws {
        let world = Self.world()
        try await withServer(world) { client in
            _ = try await client.get("/v1/files/f", ["Tarn-Request-Id": "r-1"])
        }
        let ids = world.files.state.withLock { $0.requestIDs }
        #expect(!ids.isEmpty && ids.allSatisfy { $0 == "r-1" }, "\(ids)")
        #expect(RequestID.current == nil)
    }

    @Test func directoryIsNotAFile() async throws {
        try await withServer(Self.world()) { client in
            let answer = try await client.get("/v1/files/d")
            #expect(answer.code == "not-found")
            #expect(answer.text.contains("/v1/list?path=/d"))
        }
    }

    @Test func emptyFileHasNoBody() async throws {
        try await withServer(Self.world([])) { client in
            let answer = try await client.get("/v1/files/f")
            #expect((answer.status, answer.headers["content-length"]) == (200, "0"))
            let range = try await client.get("/v1/files/f", ["Range": "bytes=0-"])
            #expect(range.status == 416)
        }
    }

    @Test(arguments: [(nil, ClientKind.http), ("http", .http), ("fs", .fs)])
    func clientLabelsItsReads(_ row: (header: String?, kind: ClientKind)) async throws {
        let world = Self.world()
        try await withServer(world) { client in
            _ = try await client.get("/v1/files/f", row.header.map { ["Tarn-Client": $0] } ?? [:])
        }
        #expect(world.files.state.withLock { $0.reads.map(\.client) } == [row.kind])
    }

    @Test func listingCarriesItsCursor() async throws {
        let world = Self.world()
        let file = FileAttributes(
            kind: .file,
            size: 4,
            modifiedUnixNS: 1_500_000_000,
            version: "e",
            validFor: nil
        )
        let odd = ByteString([0x66, 0xFF])
        world.files.state.withLock { state in
            state.directories["/d"] = DirectoryPage(
                entries: [
                    DirectoryEntry(name: "a b", attributes: file),
                    DirectoryEntry(name: odd, attributes: FakeFiles.directory),
                ],
                hasMore: true
            )
        }
        try await withServer(world) { client in
            let page = try await client.get("/v1/list?path=/d&limit=2")
            let entries = page.json["entries"] as? [[String: Any]] ?? []
            #expect(entries.first?["name"] as? String == "a b")
            #expect(entries.first?["size"] as? Int == 4)
            #expect(entries.first?["modified"] as? String == "1970-01-01T00:00:01.500Z")
            #expect(entries.last?["type"] as? String == "directory")
            #expect(page.json["next"] as? String == "\u{1}66ff2f", "a directory keeps its slash")

            _ = try await client.get("/v1/list?path=/d&after=%0166ff")
            let asked = world.files.state.withLock { $0.lists.last }
            #expect(asked?.after == odd)
            #expect(asked?.limit == 1000)
            let bad = try await client.get("/v1/list?path=/d&after=%01zz")
            #expect(bad.code == "bad-value")
            let file = try await client.get("/v1/list?path=/f")
            #expect(file.code == "not-found")
        }
    }

    @Test func byteIsLocated() async throws {
        try await withServer(Self.world()) { client in
            let answer = try await client.get("/v1/locate?path=/f&offset=67108864")
            #expect(answer.json["unit"] as? Int == 1)
            #expect(answer.json["hash"] as? String == "00000000000000ab")
            #expect(answer.json["owners"] as? [String] == ["w2", "w1"])
            #expect(try await client.get("/v1/locate?path=/nowhere").code == "not-found")
        }
    }
}
