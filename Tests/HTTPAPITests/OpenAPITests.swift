// SPDX-License-Identifier: Apache-2.0
import APIModel
import ClientRuntime
import HTTPAPI
import Primitives
import Synchronization
import Testing

@Suite struct OpenAPITests {
    private static func document(_ client: RawClient) async throws -> [String: Any] {
        let answer = try await client.get("/v1/openapi.json")
        #expect(answer.status == 200)
        return answer.json
    }

    @Test func everyRouteIsDescribed() async throws {
        try await withServer { client in
            let paths = try await Self.document(client)["paths"] as? [String: [String: Any]] ?? [:]
            let routes = RouteTable.routes(version: "x")
            #expect(Set(paths.keys) == Set(routes.map(\.pattern)))
            for route in routes {
                let methods = Set(route.allowedMethods.map { $0.lowercased() })
                #expect(Set(paths[route.pattern]?.keys.map { $0 } ?? []) == methods)
            }
        }
    }

    /// Goal: nothing is documented that is not routed: no documented call is 404 for want of a route
    /// or 405.
    @Test func everyDescribedPathIsRouted() async throws {
        try await withServer { client in
            let paths = try await Self.document(client)["paths"] as? [String: [String: Any]] ?? [:]
            #expect(paths.count > 10)
            for (path, operations) in paths where path != "/v1/watch" {
                let target = path.replacing("{name}", with: "w1").replacing("{path}", with: "x")
                for method in operations.keys {
                    let answer = try await client.request(method.uppercased(), target)
                    #expect(answer.status != 405, "\(method) \(path)")
                    #expect(!answer.text.contains("there is nothing at"), "\(method) \(path)")
                }
            }
        }
    }

    @Test func versionIsThatOfTheBuild() async throws {
        try await withServer { client in
            let document = try await Self.document(client)
            #expect(document["openapi"] as? String == "3.1.1")
            #expect((document["info"] as? [String: Any])?["version"] as? String == "0.1.0-test")
        }
    }

    @Test func everyReferenceLeadsSomewhere() async throws {
        try await withServer { client in
            let text = try await client.get("/v1/openapi.json").text
            let names = Set(Schema.all.map(\.name))
            let used = text.split(separator: "#/components/schemas/").dropFirst()
                .map { String($0.prefix { $0 != "\"" }) }
            #expect(!used.isEmpty)
            for name in used { #expect(names.contains(name), "\(name)") }
        }
    }

    // swift-format-ignore
    static let samples: [(schema: String, target: String)] = [
        ("cluster",  "/v1/cluster"),
        ("worker",   "/v1/workers/w1"),
        ("workers",  "/v1/workers"),
        ("ring",     "/v1/ring"),
        ("mounts",   "/v1/mounts"),
        ("mount",    "/v1/mount?path=/data/a&barrier=true"),
        ("mountHistory", "/v1/mount/history?path=/data/a"),
        ("resolve",  "/v1/resolve?path=/data/a"),
        ("locate",   "/v1/locate?path=/f"),
        ("locality", "/v1/locality?path=/f"),
        ("rebalance", "/v1/cluster/rebalance"),
        ("jobs",     "/v1/jobs"),
        ("alarms",   "/v1/alarms"),
        ("list",     "/v1/list?path=/d"),
        ("health",   "/healthz"),
        ("ready",    "/readyz"),
        ("problem",  "/v1/none"),
    ]

    /// Goal: schemas and documents have the same members.
    @Test(arguments: samples)
    func schemaIsWhatIsSent(_ row: (schema: String, target: String)) async throws {
        let world = MountTests.world()
        world.files.state.withLock { $0.directories["/d"] = .init(entries: [], hasMore: false) }
        try await withServer(world) { client in
            let answer = try await client.get(row.target)
            let members = Schema.named(row.schema).members
            #expect(Set(answer.json.keys) == Set(members.map(\.name)), "\(answer.text)")
        }
    }

    /// Goal: the names a PUT body may have are those that ``MountRequest`` has.
    @Test func mountRequestHasTheMembersItsSchemaNames() {
        let request = MountRequest(origin: "s3://b")
        let members = Mirror(reflecting: request).children.compactMap(\.label)
            .map { $0.hasPrefix("_") ? String($0.dropFirst()) : $0 }
        #expect(Set(members) == Set(Schema.named("mountRequest").members.map(\.name)))
    }
}
