// SPDX-License-Identifier: Apache-2.0
import APIModel
import AsyncHTTPClient
import CatalogCore
import ClientRuntime
import Logging
import NIOCore
import NIOPosix
import Origins
import Primitives
import Telemetry
import Testing

/// Whom the first state comes from, and how old a replica is.
extension RemoteCatalogTests {
    // MARK: - Beginning

    @Test func whoeverAnswersFirstIsEnough() async throws {
        let model = Self.model
        let fresh = try await WatchServer { _, _ in .problem(503, .notInitialised) }
        let server = try await WatchServer { _, _ in .lines(model.stateLines) }
        try await Self.follow(["127.0.0.1:1", fresh.address, server.address]) { replica in
            try await replica.waitUntilLoaded(within: .seconds(30))
            #expect(replica.servedBy == server.address)
        }
        try await fresh.close()
        try await server.close()
    }

    @Test(arguments: [
        ("127.0.0.1:1", "connection refused"), ("nowhere.invalid:1", "host not found"),
    ])
    func nobodyAnsweringIsSaidWithWhoAndWhy(address: String, why: String) async throws {
        try await Self.follow([address]) { replica in
            let error = await #expect(throws: RemoteClientError.self) {
                try await replica.waitUntilLoaded(within: .seconds(2))
            }
            guard case .nobodyAnswers(let attempts)? = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(attempts.map(\.address) == [address] && attempts.map(\.why) == [why])
        }
    }

    @Test func aFreshClusterIsSaidToBeOne() async throws {
        let fresh = try await WatchServer { _, _ in .problem(503, .notInitialised) }
        try await Self.follow([fresh.address]) { replica in
            await #expect(throws: RemoteClientError.notInitialised(address: fresh.address)) {
                try await replica.waitUntilLoaded(within: .seconds(2))
            }
        }
        try await fresh.close()
    }

    // MARK: - Age

    /// Goal: progress lines of a worker that is cut off do not make the replica young.
    @Test func ageGrowsUntilTheWorkerSaysBetter() async throws {
        var model = Self.model
        let stale = Mount(origin: "s3://bucket", onStale: .fail(after: .seconds(30)))
        model.perform(.putMount(path: "/data/s", stale, .any))
        let (text, revision) = (model.stateLines, model.revision)
        let clock = TestClock()
        let server = try await WatchServer { target, _ in
            target.hasPrefix("/v1/watch")
                ? .lines(text, revision: revision, stalenessMS: 250)
                : .lines(["{}"], revision: revision, stalenessMS: 40, closes: true)
        }
        try await Self.follow([server.address], clock: clock) { replica in
            try await replica.waitUntilLoaded(within: .seconds(30))
            #expect(replica.staleness == Timespan(milliseconds: 250))
            clock.advance(500)
            server.push(line(.progress(revision: revision.rawValue + 1)) + "\n")
            #expect(await eventually { replica.catalog.revision > revision })
            #expect(
                replica.staleness.map { $0 >= Timespan(milliseconds: 540) || $0.milliseconds == 40 }
                    == true
            )
            #expect(await eventually { replica.staleness == Timespan(milliseconds: 40) })
        }
        try await server.close()
    }
}
