// SPDX-License-Identifier: Apache-2.0
import APIModel
import TestKit
import Testing

/// The workers of a lab as clients reach them: over the management links, which nothing befalls.
struct LabWorkers {
    let lab: Lab
    let all: [(name: String, region: String, web: WebClient)]

    init(_ lab: Lab) async throws {
        self.lab = lab
        all = try await lab.status().workers.map { worker in
            let parts = worker.http.split(separator: ":")
            let port = try #require(parts.last.flatMap { UInt16($0) })
            return (worker.name, worker.region, WebClient(host: String(parts[0]), port: port))
        }
    }

    var names: [String] { all.map(\.name) }
    var clients: [WebClient] { all.map(\.web) }

    subscript(name: String) -> WebClient? { all.first { $0.name == name }?.web }

    /// `GET /v1/cluster` of each that answers.
    func views() async -> [ClusterDocument] {
        var views: [ClusterDocument] = []
        for client in clients {
            guard let answer = try? await client.get("/v1/cluster", within: .seconds(5)),
                let view = try? answer.document(ClusterDocument.self)
            else { continue }
            views.append(view)
        }
        return views
    }

    /// Who leads by the word of whoever knows the highest term.
    func leader() async throws -> String? {
        let views = await views().filter { $0.leader != nil }
        return views.max { $0.term < $1.term }?.leader
    }

    /// Who votes, in the order of their places in the lab.
    func voters() async throws -> [String] {
        let voters = try #require(await views().max { $0.revision < $1.revision }).voters
        return names.filter { name in voters.contains { $0.name == name } }
    }

    func highestTerm() async throws -> UInt64 {
        try #require(await views().map(\.term).max())
    }

    /// How many datagrams of consensus came to this, at all workers since their starts.
    func datagrams(_ outcome: String) async throws -> Double {
        let line = #"tarn_raft_datagrams_total{outcome="\#(outcome)"} "#
        var sum = 0.0
        for client in clients {
            let text = try await client.get("/metrics", within: .seconds(5)).text
            let found = text.split(separator: "\n").first { $0.hasPrefix(line) }
            sum += try #require(found.flatMap { Double($0.dropFirst(line.count)) })
        }
        return sum
    }

    /// Waits until all workers name the same leader of the same term.
    func settledLeader() async throws -> String {
        var found: String?
        try await waitUntil("one leader\n\(lab.logEnds)", within: .seconds(30)) {
            let views = await views()
            let isAgreed =
                views.count == all.count && views[0].leader != nil
                && views.allSatisfy { $0.leader == views[0].leader && $0.term == views[0].term }
            found = isAgreed ? views[0].leader : nil
            return isAgreed
        }
        return try #require(found)
    }

    /// Waits until every worker says that it is a member with a catalog.
    func untilReady() async throws {
        for worker in all {
            try await waitUntil("readyz of \(worker.name)\n\(lab.logEnds)", within: .seconds(60)) {
                (try? await worker.web.get("/readyz", within: .seconds(5)))?.status == 200
            }
        }
    }
}
