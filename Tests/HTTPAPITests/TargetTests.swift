// SPDX-License-Identifier: Apache-2.0
import ClientRuntime
import HTTPAPI
import Primitives
import Synchronization
import Testing

@Suite struct TargetTests {
    struct Row: Sendable, CustomTestStringConvertible {
        let target: String
        let path: ByteString

        var testDescription: String { target }
    }

    // swift-format-ignore
    static let rows: [Row] = [
        //  raw target                             cluster path
        Row(target: "/v1/files/data/a",            path: "/data/a"),
        Row(target: "/v1/files/data/a%20b",        path: "/data/a b"),
        Row(target: "/v1/files/data/a+b",          path: "/data/a+b"),
        Row(target: "/v1/files/data/a%2Fb",        path: "/data/a/b"),
        Row(target: "/v1/files/data/a%252Fb",      path: "/data/a%2Fb"),
        Row(target: "/v1/files/data//a",           path: "/data//a"),
        Row(target: "/v1/files//a",                path: "//a"),
        Row(target: "/v1/files/data/a/",           path: "/data/a/"),
        Row(target: "/v1/files/data/../x",         path: "/data/../x"),
        Row(target: "/v1/files/data/./x",          path: "/data/./x"),
        Row(target: "/v1/files/%FF%00",            path: ByteString([0x2F, 0xFF, 0x00])),
        Row(target: "/v1/files/%C3%A9",            path: "/é"),
        Row(target: "/v1/files/e%CC%81",           path: ByteString([0x2F, 0x65, 0xCC, 0x81])),
        Row(target: "/v1/files/",                  path: "/"),
        Row(target: "/v1/files/a:b@c;d=e,f",       path: "/a:b@c;d=e,f"),
        Row(target: "http://other/v1/files/a%20b", path: "/a b"),
    ]

    /// Goal: everything behind /v1/files is the cluster path, decoded once and nothing else.
    @Test(arguments: rows) func clusterPathIsCutFromTheRawTarget(_ row: Row) async throws {
        let world = World()
        world.files.state.withLock { $0.files[row.path] = Array("found".utf8) }
        try await withServer(world) { client in
            let answer = try await client.get(row.target)
            #expect(answer.status == 200)
            #expect(answer.text == "found")
        }
    }

    // swift-format-ignore
    static let refused: [(target: String, status: Int, code: String)] = [
        ("/v1/files/a%",             400, "bad-path"),
        ("/v1/files/a%4",            400, "bad-path"),
        ("/v1/files/a%zz",           400, "bad-path"),
        ("/v1/mount?path=%2",        400, "bad-path"),
        ("/v1/resolve?path=%GG",     400, "bad-path"),
        ("/v1/resolve?path=data",    400, "bad-path"),
        ("/v1/resolve",              400, "bad-value"),
        ("/v1/mounts?after=%GG",     400, "bad-value"),
        ("/v1/mounts?limit=0",       400, "bad-value"),
        ("/v1/mounts?limit=-1",      400, "bad-value"),
        ("/v1/mounts?limit=1e3",     400, "bad-value"),
        ("/v1/mounts?limit=1&limit=2", 400, "bad-value"),
        ("/v1/mounts?limt=1",        400, "bad-value"),
        ("/v1/mounts?consistency=x", 400, "bad-value"),
        ("/v1/files",                404, "not-found"),
        ("/v1/mounts/",              404, "not-found"),
        ("/v1//mounts",              404, "not-found"),
        ("/V1/mounts",               404, "not-found"),
        ("/",                        404, "not-found"),
        ("/v1/jobs/none",            404, "not-found"),
        ("/v1/workers/w1/drain",     405, "method-not-allowed"),
        ("/v1/workers/w1/nothing",   404, "not-found"),
        ("*",                        400, "bad-path"),
        ("/v1/mounts#x",             400, "bad-path"),
        ("/v1/files/é",              400, "bad-value"),
    ]

    @Test(arguments: refused)
    func oddTargetIsRefused(_ row: (target: String, status: Int, code: String)) async throws {
        try await withServer { client in
            let method = row.target == "*" ? "OPTIONS" : "GET"
            let answer = try await client.request(method, row.target)
            #expect(answer.status == row.status, "\(row.target): \(answer.text)")
            #expect(answer.code == row.code)
            #expect(answer.headers["content-type"] == "application/problem+json")
            let id = try #require(answer.headers["tarn-request-id"])
            #expect(answer.json["requestId"] as? String == id)
        }
    }

    // swift-format-ignore
    static let decoded: [(raw: String, value: ByteString)] = [
        ("after=a+b",        "a b"),
        ("after=a%20b",      "a b"),
        ("after=a%2Bb",      "a+b"),
        ("after=a%252Bb",    "a%2Bb"),
        ("after=a/b//c/",    "a/b//c/"),
        ("after=a=b",        "a=b"),
        ("%61fter=x",        "x"),
        ("after",            ""),
        ("&after=x&",        "x"),
    ]

    @Test(arguments: decoded)
    func queryIsFormDecodedOnce(_ row: (raw: String, value: ByteString)) throws {
        let query = try QueryParameters(raw: Array(row.raw.utf8), allowed: ["after"])
        #expect(query.bytes("after") == row.value)
    }

    @Test func mistypedParameterNamesTheNearest() async throws {
        try await withServer { client in
            let answer = try await client.get("/v1/mounts?limt=1")
            #expect(answer.text.contains("did you mean 'limit'?"))
        }
    }
}
