// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import ClientRuntime
import Coordination
import HTTPAPI
import Primitives
import Synchronization
import Testing

@Suite struct MountTests {
    static let stored = Mount(
        origin: "s3://bucket-a/prefix",
        options: [MountOption(key: "endpoint", value: "https://s3.test")],
        credential: "lake-key",
        regions: [
            .init(
                region: "us",
                override: .init(origin: "s3://bucket-a-us", options: nil, credential: nil)
            )
        ]
    )

    /// Its mount has revision 2.
    static func world() -> World { World(catalog: Sample.catalog(mounts: [("/data/a", stored)])) }

    struct Write: Sendable, CustomTestStringConvertible {
        let name: String
        let method: String
        let path: String
        let headers: [String: String]
        let status: Int
        let code: String?

        init(
            _ name: String,
            _ method: String,
            _ path: String,
            _ headers: [String: String],
            _ status: Int,
            _ code: String? = nil
        ) {
            self.name = name
            self.method = method
            self.path = path
            self.headers = headers
            self.status = status
            self.code = code
        }

        var testDescription: String { name }
    }

    // swift-format-ignore
    static let writes: [Write] = [
        Write("create",                     "PUT", "/data/b", [:], 201),
        Write("create where one is",        "PUT", "/data/a", [:], 409, "mount-exists"),
        Write("must not exist, new",        "PUT", "/data/b", ["If-None-Match": "*"], 201),
        Write("must not exist, is",         "PUT", "/data/a", ["If-None-Match": "*"], 412, "revision-mismatch"),
        Write("revision 0, new",            "PUT", "/data/b", ["If-Match": "0"], 201),
        Write("revision 0 quoted, new",     "PUT", "/data/b", ["If-Match": "\"0\""], 201),
        Write("revision 0, is",             "PUT", "/data/a", ["If-Match": "0"], 412, "revision-mismatch"),
        Write("this revision, bare",        "PUT", "/data/a", ["If-Match": "2"], 200),
        Write("this revision, quoted",      "PUT", "/data/a", ["If-Match": "\"2\""], 200),
        Write("another revision",           "PUT", "/data/a", ["If-Match": "1"], 412, "revision-mismatch"),
        Write("a revision of none",         "PUT", "/data/b", ["If-Match": "2"], 412, "revision-mismatch"),
        Write("whatever is there, is",      "PUT", "/data/a", ["If-Match": "*"], 200),
        Write("whatever is there, new",     "PUT", "/data/b", ["If-Match": "*"], 201),
        Write("two conditions",             "PUT", "/data/a", ["If-Match": "2", "If-None-Match": "*"], 400, "bad-value"),
        Write("a list",                     "PUT", "/data/a", ["If-Match": "\"1\", \"2\""], 400, "bad-value"),
        Write("a weak tag",                 "PUT", "/data/a", ["If-Match": "W/\"2\""], 400, "bad-value"),
        Write("not a number",               "PUT", "/data/a", ["If-Match": "two"], 400, "bad-value"),
        Write("none-match of a number",     "PUT", "/data/a", ["If-None-Match": "2"], 400, "bad-value"),
        Write("relative path",              "PUT", "data/a", [:], 400, "bad-path"),
        Write("trailing slash",             "PUT", "/data/a/", [:], 400, "bad-path"),
        Write("empty component",            "PUT", "/data//a", [:], 400, "bad-path"),
        Write("dot component",              "PUT", "/data/./a", [:], 400, "bad-path"),
        Write("dot dot component",          "PUT", "/data/../a", [:], 400, "bad-path"),
        Write("the root",                   "PUT", "/", [:], 400, "bad-path"),
        Write("not UTF-8",                  "PUT", "/%FF", [:], 400, "bad-path"),
        Write("remove",                     "DELETE", "/data/a", [:], 200),
        Write("remove none",                "DELETE", "/data/b", [:], 404, "not-found"),
        Write("remove this revision",       "DELETE", "/data/a", ["If-Match": "2"], 200),
        Write("remove another revision",    "DELETE", "/data/a", ["If-Match": "7"], 412, "revision-mismatch"),
        Write("remove whatever is there",   "DELETE", "/data/a", ["If-Match": "*"], 200),
        Write("remove with none-match",     "DELETE", "/data/a", ["If-None-Match": "*"], 400, "bad-value"),
        Write("key too long",               "PUT", "/data/b", ["Idempotency-Key": String(repeating: "k", count: 65)], 400, "bad-value"),
        Write("key of 64",                  "PUT", "/data/b", ["Idempotency-Key": String(repeating: "k", count: 64)], 201),
    ]

    @Test(arguments: writes) func conditionDecides(_ row: Write) async throws {
        try await withServer(Self.world()) { client in
            let answer = try await client.request(
                row.method,
                "/v1/mount?path=\(row.path)",
                row.headers,
                body: row.method == "PUT" ? #"{"origin":"s3://bucket-b"}"# : ""
            )
            #expect(answer.status == row.status, "\(answer.text)")
            #expect(answer.code == row.code)
            if row.status < 300 {
                let revision = answer.json["modRevision"] as? Int
                #expect(answer.headers["etag"] == revision.map { "\"\($0)\"" })
                #expect(answer.json["path"] as? String == row.path)
            } else {
                #expect(answer.json["outcome"] as? String == "not-applied")
            }
            if [409, 412].contains(row.status) {
                #expect(answer.json["modRevision"] as? Int == (row.path == "/data/a" ? 2 : 0))
            }
        }
    }

    @Test func storedEntryIsAnswered() async throws {
        try await withServer(Self.world()) { client in
            let answer = try await client.get("/v1/mount?path=/data/a")
            #expect(answer.status == 200)
            #expect(answer.headers["etag"] == "\"2\"")
            #expect(answer.json["origin"] as? String == "s3://bucket-a/prefix")
            #expect(answer.json["options"] as? [String: String] == ["endpoint": "https://s3.test"])
            #expect(answer.json["credential"] as? String == "lake-key")
            #expect(answer.json["credentialSource"] as? String == "lake-key")
            #expect(answer.json["write"] as? String == "none")
            #expect(answer.json["replicas"] as? Int == 1)
            #expect(answer.json["metadataTtl"] as? String == "60s")
            #expect(answer.json["onStale"] as? String == "serve")
            #expect(answer.json["createRevision"] as? Int == 2)
            #expect(answer.json["modRevision"] as? Int == 2)
            let regions = answer.json["regions"] as? [String: [String: Any]]
            #expect(regions?["us"]?["origin"] as? String == "s3://bucket-a-us")
            #expect(regions?["us"]?.keys.contains("credential") == true)
        }
    }

    @Test func aBarrierSaysWhichRegionsHaveIt() async throws {
        try await withServer(Self.world()) { client in
            let body = #"{"origin":"s3://b"}"#
            let target = "/v1/mount?path=/data/a&barrier=true"
            for (answer, status, state) in [
                (try await client.get(target), 200, "expired"),
                (try await client.get(target + "&barrierTimeoutMs=500"), 200, "missing"),
                (
                    try await client.request("PUT", target, ["If-Match": "*"], body: body), 200,
                    "expired"
                ),
            ] {
                #expect(answer.status == status, "\(answer.text)")
                let barrier = answer.json["barrier"] as? [String: Any]
                #expect(barrier?["complete"] as? Bool == (state == "expired"))
                let regions = barrier?["regions"] as? [[String: Any]] ?? []
                #expect(regions.map { $0["state"] as? String } == ["reached", state])
                #expect(regions.last?["missing"] as? [String] == ["w3"])
            }
            let plain = try await client.get("/v1/mount?path=/data/a")
            #expect(plain.json.keys.contains("barrier") == false)
        }
    }

    /// A wrong parameter is no reason to find out afterwards that something was written.
    @Test(arguments: ["barrier=yes", "barrier=true&barrierTimeoutMs=0"])
    func aWrongBarrierWritesNothing(query: String) async throws {
        let world = Self.world()
        try await withServer(world) { client in
            let answer = try await client.request(
                "PUT",
                "/v1/mount?path=/data/b&\(query)",
                body: #"{"origin":"s3://b"}"#
            )
            #expect(answer.status == 400, "\(answer.text)")
            #expect(try await client.get("/v1/mount?path=/data/b").status == 404)
        }
    }

    @Test func knownRevisionIsNotSentAgain() async throws {
        try await withServer(Self.world()) { client in
            let same = try await client.get("/v1/mount?path=/data/a", ["If-None-Match": "\"2\""])
            #expect(same.status == 304)
            #expect(same.body.isEmpty)
            let other = try await client.get("/v1/mount?path=/data/a", ["If-None-Match": "\"1\""])
            #expect(other.status == 200)
        }
    }

    /// Goal: what GET answers can be sent back as it is.
    @Test func answerIsAValidBody() async throws {
        try await withServer(Self.world()) { client in
            let shown = try await client.get("/v1/mount?path=/data/a")
            let put = try await client.request(
                "PUT",
                "/v1/mount?path=/data/a",
                ["If-Match": "2"],
                body: shown.text
            )
            #expect(put.status == 200, "\(put.text)")
            #expect(put.json["modRevision"] as? Int == 3)
        }
    }

    // swift-format-ignore
    static let bodies: [(body: String, code: String, says: String)] = [
        ("",                                            "bad-value", ""),
        ("{",                                           "bad-value", ""),
        ("[]",                                          "bad-value", ""),
        ("null",                                        "bad-value", ""),
        ("{}",                                          "bad-value", "origin"),
        (#"{"orign":"s3://b"}"#,                        "bad-value", "did you mean 'origin'?"),
        (#"{"origin":1}"#,                              "bad-value", "origin: must be a string"),
        (#"{"origin":"s3://b","origin":"s3://c"}"#,     "bad-value", "twice"),
        (#"{"origin":"s3://b","options":{"endpoint":"http://x","endpoint":"http://y"}}"#, "bad-value", "twice"),
        (#"{"origin":"s3://b","replicas":"2"}"#,        "bad-value", "replicas"),
        (#"{"origin":"s3://b","replicas":0}"#,          "bad-value", "1...8"),
        (#"{"origin":"s3://b","replicas":9}"#,          "bad-value", "1...8"),
        (#"{"origin":"s3://b","replicas":1.5}"#,        "bad-value", ""),
        (#"{"origin":"s3://b","write":"bak"}"#,         "bad-value", "did you mean 'back'?"),
        (#"{"origin":"s3://b","metadataTtl":"60"}"#,    "bad-value", "metadataTtl"),
        (#"{"origin":"s3://b","onStale":"fail"}"#,      "bad-value", "onStale"),
        (#"{"origin":"s3://b","regions":{"us":{"orgin":"s3://c"}}}"#, "bad-value", "orgin"),
        (#"{"origin":"s3://b","regions":{"us":7}}"#,    "bad-value", "regions.us"),
        (#"{"origin":"gs://b"}"#,                       "unknown-scheme", "gs"),
        (#"{"origin":"s3://b","options":{"endpiont":"http://x"}}"#, "unknown-option", "endpiont"),
        (#"{"origin":"# + String(repeating: "[", count: 40) + "}", "bad-value", "deep"),
    ]

    @Test(arguments: bodies)
    func bodyIsReadStrictly(_ row: (body: String, code: String, says: String)) async throws {
        let world = Self.world()
        try await withServer(world) { client in
            let answer = try await client.request("PUT", "/v1/mount?path=/b", body: row.body)
            #expect(answer.status == 400)
            #expect(answer.code == row.code, "\(answer.text)")
            #expect(answer.text.contains(row.says), "\(answer.text)")
        }
        #expect(world.coordination.state.withLock { $0.commands.isEmpty })
    }

    @Test func bareStringIsTheOriginOfARegion() async throws {
        try await withServer { client in
            let answer = try await client.request(
                "PUT",
                "/v1/mount?path=/b",
                body: #"{"origin":"s3://b","regions":{"us":"s3://c","eu":{"credential":"k"}}}"#
            )
            let regions = answer.json["regions"] as? [String: [String: Any]]
            #expect(regions?["us"]?["origin"] as? String == "s3://c")
            #expect(regions?["eu"]?["credential"] as? String == "k")
            #expect(regions?["eu"]?["origin"] is String == false)
        }
    }

    @Test func repetitionGivesTheFirstOutcome() async throws {
        try await withServer { client in
            let put = { @Sendable (body: String) in
                try await client.request(
                    "PUT",
                    "/v1/mount?path=/b",
                    ["Idempotency-Key": "once"],
                    body: body
                )
            }
            let first = try await put(#"{"origin":"s3://b"}"#)
            let second = try await put(#"{"origin":"s3://b"}"#)
            #expect((first.status, second.status) == (201, 201))
            #expect(first.body == second.body)
            let other = try await put(#"{"origin":"s3://c"}"#)
            #expect(other.status == 422)
            #expect(other.code == "idempotency-key-reused")
        }
    }

    // swift-format-ignore
    static let refusals: [(method: String, path: String, headers: [String: String], body: String, detail: String, next: String)] = [
        ("PUT",    "/data/a", ["If-Match": "1"], #"{"origin":"s3://b"}"#, "/data/a is at revision 2", "tarn mount show /data/a"),
        ("PUT",    "/data/b", ["If-Match": "1"], #"{"origin":"s3://b"}"#, "there is no mount at /data/b", "tarn mount list"),
        ("DELETE", "/data/b", [:],               "",                      "there is no mount at /data/b", "tarn mount list"),
        ("PUT",    "/x/a",    [:],               #"{"origin":"s3://b","options":{"bucket-name":"lake"}}"#, "/data/a has the bucket name that /x/a would get; give it another with the option bucket-name", "tarn mount show /data/a"),
        ("PUT",    "/data/b", [:],               #"{"origin":"gs://b"}"#, "unknown scheme 'gs' of origin 'gs://b'; known: s3://, file://", "tarn mount add --help"),
        ("PUT",    "/data/b", [:],               #"{"origin":"s3://b","options":{"endpiont":"http://x"}}"#, "unknown option 'endpiont' of a s3:// origin; did you mean 'endpoint'?", "tarn mount add --help"),
    ]

    @Test(arguments: refusals)
    func aRefusalNamesItsObjectAndTheNextCommand(
        _ row: (
            method: String, path: String, headers: [String: String], body: String, detail: String,
            next: String
        )
    ) async throws {
        let options = [MountOption(key: "bucket-name", value: "lake")]
        let mount = Mount(origin: "s3://bucket-a", options: options)
        let world = World(catalog: Sample.catalog(mounts: [("/data/a", mount)]))
        try await withServer(world) { client in
            let target = "/v1/mount?path=\(row.path)"
            let answer = try await client.request(row.method, target, row.headers, body: row.body)
            #expect(answer.json["detail"] as? String == row.detail, "\(answer.text)")
            #expect(answer.json["next"] as? String == row.next)
        }
    }

    @Test(arguments: [
        #"{"origin":"s3://b/\#(String(repeating: "p", count: 65_536))"}"#,
        #"{"origin":"s3://b","regions":{\#((0..<65).map { #""r\#($0)":"s3://r\#($0)""# }.joined(separator: ","))}}"#,
    ])
    func aMountThatIsTooLargeIsABadValue(_ body: String) async throws {
        var limits = HTTPLimits()
        limits.bodyBytes = 1 << 20
        try await withServer(limits: limits) { client in
            let answer = try await client.request("PUT", "/v1/mount?path=/b", body: body)
            #expect((answer.status, answer.code) == (400, "bad-value"), "\(answer.text)")
        }
    }

    @Test func listIsPaged() async throws {
        let mounts = (0..<5).map { index in
            (ByteString("/m\(index)"), Mount(origin: "s3://b\(index)"))
        }
        try await withServer(World(catalog: Sample.catalog(mounts: mounts))) { client in
            var seen: [String] = []
            var target = "/v1/mounts?limit=2"
            for _ in 0..<4 {
                let page = try await client.get(target)
                let items = page.json["items"] as? [[String: Any]] ?? []
                seen += items.compactMap { $0["path"] as? String }
                guard let next = page.json["next"] as? String else { break }
                target = "/v1/mounts?limit=2&after=\(next)"
            }
            #expect(seen == ["/m0", "/m1", "/m2", "/m3", "/m4"])
        }
    }

    @Test func pathIsResolvedByRegion() async throws {
        try await withServer(Self.world()) { client in
            let here = try await client.get("/v1/resolve?path=/data/a/x%20y")
            #expect(here.json["origin"] as? String == "s3://bucket-a/prefix/x y")
            #expect(here.json["region"] as? String == "ap")
            #expect(here.json["mount"] as? String == "/data/a")
            #expect(here.json["revision"] as? Int == 2)
            let there = try await client.get("/v1/resolve?path=/data/a/x&region=us")
            #expect(there.json["origin"] as? String == "s3://bucket-a-us/x")
            let nowhere = try await client.get("/v1/resolve?path=/data/b")
            #expect(nowhere.code == "not-found")
        }
    }
}
