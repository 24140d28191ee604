// SPDX-License-Identifier: Apache-2.0
import APIModel
import CatalogCore
import Coordination
import Foundation
import HTTPAPI
import InMemoryLogging
import Logging
import Origins
import Primitives
import Synchronization
import Testing

/// `/v1/credential…`: conditions, what is refused, and that a value shows nowhere.
@Suite struct CredentialTests {
    static let keys = String(repeating: "0f", count: 32)
    static let olderKeys = String(repeating: "a0", count: 32)
    static let access = "AKIAHUNTER"
    static let secret = "hunter2-is-the-secret"
    static let body = #"{"accessKeyId":"\#(access)","secretAccessKey":"\#(secret)"}"#

    /// Its credential `lake` has revision 2.
    static func world(
        keys: String? = keys,
        mounts: [(ByteString, Mount)] = []
    ) async throws -> World {
        let world = World(catalog: Sample.catalog(), keys: keys)
        try await put("lake", by: World(catalog: Sample.catalog(), keys: Self.keys).vault, world)
        for (path, mount) in mounts {
            world.perform(.putMount(path: path, mount, .absent(plain: true)))
        }
        return world
    }

    static func put(_ name: String, by vault: CredentialVault, _ world: World) async throws {
        let value = CredentialValue([
            (name: "accessKeyId", value: access), (name: "secretAccessKey", value: "before"),
        ])
        let sealed = try await vault.seal(try #require(S3Credentials(value)), named: name)
        world.perform(.putCredential(name: name, sealed, .any))
    }

    struct Write: Sendable, CustomTestStringConvertible {
        let name: String
        let method: String
        let target: String
        let headers: [String: String]
        let status: Int
        let code: String?

        init(
            _ name: String,
            _ method: String,
            _ target: String,
            _ headers: [String: String],
            _ status: Int,
            _ code: String? = nil
        ) {
            self.name = name
            self.method = method
            self.target = target
            self.headers = headers
            self.status = status
            self.code = code
        }

        var testDescription: String { name }
    }

    // swift-format-ignore
    static let writes: [Write] = [
        Write("create",                "PUT",    "?name=new",              [:], 201),
        Write("replace",               "PUT",    "?name=lake",             [:], 200),
        Write("whatever is there",     "PUT",    "?name=lake",             ["If-Match": "*"], 200),
        Write("this revision",         "PUT",    "?name=lake",             ["If-Match": "\"2\""], 200),
        Write("another revision",      "PUT",    "?name=lake",             ["If-Match": "1"], 412, "revision-mismatch"),
        Write("must not exist, is",    "PUT",    "?name=lake",             ["If-None-Match": "*"], 412, "revision-mismatch"),
        Write("must not exist, new",   "PUT",    "?name=new",              ["If-None-Match": "*"], 201),
        Write("two conditions",        "PUT",    "?name=lake",             ["If-Match": "2", "If-None-Match": "*"], 400, "bad-value"),
        Write("no name",               "PUT",    "",                       [:], 400, "bad-value"),
        Write("a slash",               "PUT",    "?name=a/b",              [:], 400, "bad-value"),
        Write("another parameter",     "PUT",    "?name=lake&value=x",     [:], 400, "bad-value"),
        Write("key too long",          "PUT",    "?name=new",              ["Idempotency-Key": String(repeating: "k", count: 65)], 400, "bad-value"),
        Write("remove",                "DELETE", "?name=lake",             [:], 200),
        Write("remove none",           "DELETE", "?name=new",              [:], 404, "not-found"),
        Write("remove this revision",  "DELETE", "?name=lake",             ["If-Match": "2"], 200),
        Write("remove another",        "DELETE", "?name=lake",             ["If-Match": "7"], 412, "revision-mismatch"),
        Write("force of a word",       "DELETE", "?name=lake&force=maybe", [:], 400, "bad-value"),
    ]

    @Test(arguments: writes) func conditionDecides(_ row: Write) async throws {
        try await withServer(try await Self.world()) { client in
            let answer = try await client.request(
                row.method,
                "/v1/credential" + row.target,
                row.headers,
                body: row.method == "PUT" ? Self.body : ""
            )
            #expect(answer.status == row.status, "\(answer.text)")
            #expect(answer.code == row.code)
            #expect(!answer.text.contains(Self.secret) && !answer.text.contains(Self.access))
            if row.status < 300 {
                let revision = answer.json["modRevision"] as? Int
                #expect(answer.headers["etag"] == revision.map { "\"\($0)\"" })
                let fields = answer.json["fields"] as? [String]
                #expect(fields == ["accessKeyId", "secretAccessKey"])
            } else {
                #expect(answer.json["outcome"] as? String == "not-applied")
            }
        }
    }

    // swift-format-ignore
    static let bodies: [(what: String, body: String)] = [
        ("no JSON",          #"accessKeyId=\#(access)&secretAccessKey=\#(secret)"#),
        ("cut off",          String(body.dropLast())),
        ("a list",           "[\(body)]"),
        ("no secret",        #"{"accessKeyId":"\#(access)"}"#),
        ("an empty secret",  #"{"accessKeyId":"\#(access)","secretAccessKey":""}"#),
        ("a number",         #"{"accessKeyId":"\#(access)","secretAccessKey":1}"#),
        ("a stranger",       #"{"accessKeyId":"\#(access)","secretAccessKey":"x","\#(secret)":1}"#),
        ("twice",            #"{"accessKeyId":"\#(access)","\#(secret)":"x","\#(secret)":"x"}"#),
        ("too long",         #"{"accessKeyId":"\#(access)","secretAccessKey":"\#(String(repeating: "s", count: 4097))"}"#),
    ]

    @Test(arguments: bodies)
    func whatIsNoCredentialIsRefusedUnquoted(_ row: (what: String, body: String)) async throws {
        try await withServer(try await Self.world()) { client in
            let answer = try await client.request("PUT", "/v1/credential?name=new", body: row.body)
            #expect(
                answer.status == 400 && answer.code == "bad-value",
                "\(row.what): \(answer.text)"
            )
            #expect(!answer.text.contains(Self.secret) && !answer.text.contains(Self.access))
        }
    }

    @Test func withoutAKeyItIsRefusedWithTheNextCommand() async throws {
        try await withServer(try await Self.world(keys: nil)) { client in
            let answer = try await client.request("PUT", "/v1/credential?name=x", body: Self.body)
            #expect(answer.status == 409 && answer.code == "unsafe", "\(answer.text)")
            #expect((answer.json["detail"] as? String)?.contains("credential-key-file") == true)
            #expect((answer.json["next"] as? String)?.contains("openssl rand") == true)
            let rotation = try await client.request("POST", "/v1/credentials/rotate")
            #expect(rotation.code == "unsafe")
            let listed = try await client.get("/v1/credential?name=lake")
            let obstacle = listed.json["obstacle"] as? String
            let key = try #require(listed.json["keyId"] as? String)
            #expect(obstacle?.contains("sealed with key \(key)") == true, "\(listed.text)")
        }
    }

    @Test func whatMountsNameIsKept() async throws {
        let mount = Mount(origin: "s3://b", credential: "lake")
        try await withServer(try await Self.world(mounts: [("/data/a", mount)])) { client in
            let shown = try await client.get("/v1/credential?name=lake")
            #expect(shown.json["mounts"] as? [String] == ["/data/a"])
            #expect(shown.json["mountCount"] as? Int == 1)
            let kept = try await client.request("DELETE", "/v1/credential?name=lake")
            #expect(kept.status == 409 && kept.code == "unsafe")
            #expect((kept.json["detail"] as? String)?.contains("/data/a") == true)
            let gone = try await client.request("DELETE", "/v1/credential?name=lake&force=true")
            #expect(gone.status == 200)
            let items = try await client.get("/v1/credentials").json["items"] as? [Any]
            #expect(items?.isEmpty == true)
        }
    }

    @Test func listsComeInPages() async throws {
        let world = try await Self.world()
        for name in ["a", "m", "z"] { try await Self.put(name, by: world.vault, world) }
        try await withServer(world) { client in
            func names(_ answer: RawAnswer) -> [String] {
                (answer.json["items"] as? [[String: Any]])?.compactMap { $0["name"] as? String }
                    ?? []
            }
            let first = try await client.get("/v1/credentials?limit=3")
            #expect(names(first) == ["a", "lake", "m"] && first.json["next"] as? String == "m")
            #expect(names(try await client.get("/v1/credentials?limit=3&after=m")) == ["z"])
            #expect(try await client.get("/v1/credential?name=nobody").status == 404)
        }
    }

    /// A repetition is told from another request, by a number that nobody without the key can make.
    @Test func aRepetitionTakesEffectOnce() async throws {
        let world = try await Self.world()
        try await withServer(world) { client in
            let target = "/v1/credential?name=new"
            let key = ["Idempotency-Key": "k"]
            let first = try await client.request("PUT", target, key, body: Self.body)
            let again = try await client.request("PUT", target, key, body: Self.body)
            #expect(first.status == 201 && again.status == 201)
            #expect(first.json["modRevision"] as? Int == again.json["modRevision"] as? Int)
            let other = Self.body.replacing("hunter2", with: "hunter3")
            let reused = try await client.request("PUT", target, key, body: other)
            #expect(reused.code == "idempotency-key-reused")
        }
        let commands = world.coordination.state.withLock(\.commands)
        let fingerprints = Set(commands.compactMap(\.idempotency?.fingerprint))
        #expect(fingerprints.count == 2)
        for command in commands {
            let bytes = command.encode()
            #expect(!String(decoding: bytes, as: UTF8.self).contains(Self.secret))
        }
    }

    /// From a plain hash, whoever reads the log could find a short secret by trying.
    @Test func fingerprintsAreMadeWithTheKey() async throws {
        var fingerprints: Set<UInt64> = []
        for keys in [Self.keys, Self.olderKeys] {
            let world = try await Self.world(keys: keys)
            try await withServer(world) { client in
                let key = ["Idempotency-Key": "k"]
                _ = try await client.request("PUT", "/v1/credential?name=n", key, body: Self.body)
            }
            let commands = world.coordination.state.withLock(\.commands)
            fingerprints.formUnion(commands.compactMap(\.idempotency?.fingerprint))
        }
        #expect(fingerprints.count == 2)
    }

    @Test func aRotationSealsAnewAndSaysWhichKeysMayGo() async throws {
        // The older key opens, the newer one seals.
        let world = try await Self.world(keys: "\(Self.olderKeys),\(Self.keys)")
        try await withServer(world) { client in
            let answer = try await client.request("POST", "/v1/credentials/rotate")
            let rotation = try answer.document(CredentialRotationDocument.self)
            #expect(rotation.items.map(\.outcome) == [.resealed], "\(answer.text)")
            #expect(rotation.items.map(\.keyId) == [rotation.keyId])
            #expect(rotation.unusedKeyIds.count == 1 && rotation.unusedKeyIds != [rotation.keyId])
            let again = try await client.request("POST", "/v1/credentials/rotate")
                .document(CredentialRotationDocument.self)
            #expect(again.items.map(\.outcome) == [.current])
            #expect(again.unusedKeyIds == rotation.unusedKeyIds)
        }
    }

    @Test func whatCannotBeOpenedIsLeftAsItIs() async throws {
        let world = try await Self.world(keys: Self.olderKeys)
        try await withServer(world) { client in
            let rotation = try await client.request("POST", "/v1/credentials/rotate")
                .document(CredentialRotationDocument.self)
            #expect(rotation.items.map(\.outcome) == [.failed])
            #expect(rotation.items.first?.reason?.contains("does not have") == true)
        }
        #expect(world.coordination.state.withLock(\.commands).isEmpty)
    }

    @Test func nothingIsLoggedOfAValue() async throws {
        let world = try await Self.world()
        try await withServer(world) { client in
            for body in [Self.body, String(Self.body.dropLast())] {
                _ = try await client.request("PUT", "/v1/credential?name=new", body: body)
            }
            _ = try await client.request("POST", "/v1/credentials/rotate")
        }
        let lines = world.log.entries.map { "\($0.message) \($0.metadata)" }
        #expect(!lines.isEmpty)
        #expect(!lines.contains { $0.contains(Self.secret) || $0.contains(Self.access) })
    }
}

extension World {
    fileprivate func perform(_ operation: CatalogCommand.Operation) {
        coordination.state.withLock { state in
            _ = state.catalog.apply(CatalogCommand(operation: operation))
        }
    }
}

extension RawAnswer {
    fileprivate func document<Document: Decodable>(_ type: Document.Type) throws -> Document {
        try JSONDecoder().decode(type, from: Data(body))
    }
}
