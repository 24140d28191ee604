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

/// As the product makes it: a refused connection is a failure at once, not something to wait for.
private let testHTTP = HTTPClient(
    eventLoopGroupProvider: .singleton,
    configuration: OriginHTTPClient.configuration()
)

/// Its name, and not a mebibyte of text, stands in a failure.
private let tooLongALine = "too long"

@Suite(.serialized)
struct RemoteCatalogTests {
    /// Three workers, two mounts.
    static let model: Catalog = {
        var catalog = Catalog()
        catalog.perform(
            .genesis(clusterEntry, (1...3).map { registration("w\($0)", number: UInt64($0)) })
        )
        for path in ["/data/a", "/data/b"] as [ByteString] {
            catalog.perform(.putMount(path: path, Mount(origin: "s3://bucket"), .any))
        }
        return catalog
    }()

    /// Runs a replica against servers, ended with `body`.
    static func follow(
        _ addresses: [String],
        silence: Duration = .seconds(7),
        clock: TestClock? = nil,
        _ body: (RemoteCatalog) async throws -> Void
    ) async throws {
        let start = ContinuousClock.now
        let real: @Sendable () -> UInt64 = {
            UInt64((ContinuousClock.now - start) / .milliseconds(1))
        }
        let replica = RemoteCatalog(
            addresses: addresses,
            region: nil,
            http: testHTTP,
            silence: silence,
            now: clock?.now ?? real,
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        let following = Task { await replica.run() }
        let outcome: Result<Void, any Error>
        do {
            outcome = .success(try await body(replica))
        } catch {
            outcome = .failure(error)
        }
        following.cancel()
        await following.value
        try outcome.get()
    }

    @Test func stateThenChangesThenProgress() async throws {
        let model = Self.model
        let server = try await WatchServer { _, _ in .lines(model.stateLines) }
        try await Self.follow([server.address]) { replica in
            try await replica.waitUntilLoaded(within: .seconds(30))
            #expect(
                replica.catalog.liveKeys(prefix: "").map(\.value)
                    == model.liveKeys(prefix: "").map(\.value)
            )
            #expect(replica.catalog.revision == model.revision)
            #expect(server.requests == ["/v1/watch?state=true"])

            var next = model
            let added = next.perform(.putMount(path: "/data/c", Mount(origin: "s3://b"), .any))
            server.push(lines(added.changes).map { $0 + "\n" }.joined())
            #expect(await eventually { replica.catalog.mount(at: "/data/c") != nil })
            #expect(replica.catalog.revision == next.revision)
            let removed = next.perform(.removeMount(path: "/data/a", .any))
            server.push(lines(removed.changes).map { $0 + "\n" }.joined())
            #expect(await eventually { replica.catalog.mount(at: "/data/a") == nil })
            server.push(line(.progress(revision: 900)) + "\n")
            #expect(await eventually { replica.catalog.revision == Revision(900) })
        }
        try await server.close()
    }

    /// Goal: nobody ever sees a part of a revision.
    @Test func aChangeOfSeveralKeysIsSeenWhole() async throws {
        let model = Self.model
        let server = try await WatchServer { _, _ in .lines(model.stateLines) }
        try await Self.follow([server.address]) { replica in
            try await replica.waitUntilLoaded(within: .seconds(30))
            var next = model
            next.perform(.register(registration("w4", number: 4)))
            server.push(line(.progress(revision: next.revision.rawValue)) + "\n")
            let activation = next.perform(.activate(NodeID(4))).changes
            server.push(lines(activation)[0] + "\n")
            // A worker that is removed leaves its ring in the same revision.
            let removal = next.perform(.worker(.remove(NodeID(3), isLost: true))).changes
            try #require(removal.count == 3)
            let text = lines(removal)
            server.push(text[0] + "\n" + text[1] + "\n" + text[2].prefix(20))
            #expect(
                await eventually { replica.catalog.revision == removal[0].revision.previous }
            )
            #expect(replica.catalog.worker(id: NodeID(3)) != nil)
            #expect(replica.catalog.ring(region: Rig.region)?.members.count == 3)
            server.push(text[2].dropFirst(20) + "\n")
            #expect(
                await eventually { replica.catalog.ring(region: Rig.region)?.members.count == 2 }
            )
            #expect(replica.catalog.worker(id: NodeID(3)) == nil)
            #expect(replica.catalog.worker(named: "w4")?.state == .active)
        }
        try await server.close()
    }

    @Test func aLostConnectionIsResumedBehindWhatIsKnown() async throws {
        let model = Self.model
        let server = try await WatchServer { target, _ in
            target.contains("state") ? .lines(model.stateLines) : .lines([])
        }
        try await Self.follow([server.address]) { replica in
            try await replica.waitUntilLoaded(within: .seconds(30))
            server.cut()
            #expect(await eventually { server.requests.count >= 2 })
            #expect(server.requests[1] == "/v1/watch?from=\(model.revision.next)")
            server.push(line(.progress(revision: 77)) + "\n")
            #expect(await eventually { replica.catalog.revision == Revision(77) })
            #expect(replica.catalog.mountCount == 2)
        }
        try await server.close()
    }

    @Test func whatIsCompactedIsLoadedAnewWhileTheOldOneServes() async throws {
        let model = Self.model
        let newer = {
            var newer = model
            newer.perform(.putMount(path: "/data/new", Mount(origin: "s3://b"), .any))
            return newer
        }()
        let loads = CounterBox(1)
        let server = try await WatchServer { target, head in
            guard target.contains("state") else { return .problem(410, .compacted) }
            if loads.decrement() { return .lines(model.stateLines, closes: true) }
            #expect(head.contains("\(model.revision)"), "never a state older than ours")
            return .lines(newer.stateLines)
        }
        try await Self.follow([server.address]) { replica in
            try await replica.waitUntilLoaded(within: .seconds(30))
            #expect(replica.catalog.mountCount >= 2)
            #expect(await eventually { replica.catalog.mount(at: "/data/new") != nil })
            #expect(server.requests.prefix(3).map { $0.contains("state") } == [true, false, true])
        }
        try await server.close()
    }

    @Test func aClosedWatchGoesOnElsewhere() async throws {
        let model = Self.model
        let text = model.stateLines + [line(.closed(resumeFrom: 3))]
        let first = try await WatchServer { _, _ in .lines(text) }
        let second = try await WatchServer { _, _ in .lines([line(.progress(revision: 50))]) }
        try await Self.follow([first.address, second.address]) { replica in
            try await replica.waitUntilLoaded(within: .seconds(30))
            #expect(await eventually { replica.catalog.revision == Revision(50) })
            #expect(second.requests == ["/v1/watch?from=\(model.revision.next)"])
            #expect(replica.servedBy == second.address)
        }
        try await first.close()
        try await second.close()
    }

    @Test func aSilentWorkerIsLeftForTheNext() async throws {
        let model = Self.model
        let first = try await WatchServer { _, _ in .lines(model.stateLines) }
        let second = try await WatchServer { _, _ in .lines([line(.progress(revision: 50))]) }
        try await Self.follow([first.address, second.address], silence: .milliseconds(300)) {
            replica in
            try await replica.waitUntilLoaded(within: .seconds(30))
            #expect(await eventually { replica.catalog.revision == Revision(50) })
            #expect(second.requests.first == "/v1/watch?from=\(model.revision.next)")
        }
        try await first.close()
        try await second.close()
    }

    @Test func workersLearnedFromTheCatalogAreAskedWhenTheGivenOnesAreGone() async throws {
        let learned = try await WatchServer { _, _ in .lines([line(.progress(revision: 50))]) }
        var model = Self.model
        model.admit(registration("w9", number: 9, http: learned.address))
        let text = model.stateLines
        let given = try await WatchServer { _, _ in .lines(text) }
        try await Self.follow([given.address]) { replica in
            try await replica.waitUntilLoaded(within: .seconds(30))
            try await given.close()
            #expect(await eventually { replica.catalog.revision == Revision(50) })
        }
        try await learned.close()
    }

    /// Goal: bytes from the network never end the process, never make the replica wrong, and are
    /// followed by a fresh state from the next worker.
    @Test(arguments: [
        "{", "[]", "null", "", "\u{0}\u{1}", #"{"type":"put"}"#,
        #"{"revision":1,"type":"state","key":"mounts//x","value":{}}"#,
        #"{"revision":99,"type":"put","key":"workers/w1","value":null}"#,
        #"{"revision":1,"type":"delete","key":"mounts//data/a","value":null}"#,
        tooLongALine,
    ])
    func garbageIsFollowedByAFreshState(garbage: String) async throws {
        let model = Self.model
        let first = try await WatchServer { _, _ in .lines(model.stateLines) }
        let second = try await WatchServer { _, _ in .lines(model.stateLines) }
        try await Self.follow([first.address, second.address]) { replica in
            try await replica.waitUntilLoaded(within: .seconds(30))
            let isLong = garbage == tooLongALine
            first.push(isLong ? String(repeating: "x", count: (1 << 20) + 1) : garbage + "\n")
            #expect(await eventually { second.requests.first == "/v1/watch?state=true" })
            #expect(await eventually { replica.servedBy == second.address })
            #expect(replica.catalog.mountCount == 2)
            #expect(replica.catalog.revision == model.revision)
        }
        try await first.close()
        try await second.close()
    }

    @Test func keysOfANewerReleaseAreReadOver() async throws {
        let model = Self.model
        let stranger = #"{"revision":60,"type":"put","key":"comets/x","value":{"tail":true}}"#
        let server = try await WatchServer { _, _ in .lines(model.stateLines) }
        try await Self.follow([server.address]) { replica in
            try await replica.waitUntilLoaded(within: .seconds(30))
            server.push(stranger + "\n")
            #expect(await eventually { replica.catalog.revision == Revision(60) })
            #expect(server.requests.count == 1)
        }
        try await server.close()
    }

    @Test func anotherClusterIsNotFollowed() async throws {
        let model = Self.model
        let other = ClusterID(UniqueID(high: 1, low: 2))
        let first = try await WatchServer { target, _ in
            target.contains("state") ? .lines(model.stateLines, closes: true) : .lines([])
        }
        let second = try await WatchServer { _, _ in
            .lines([line(.progress(revision: 500))], cluster: other)
        }
        try await Self.follow([first.address, second.address]) { replica in
            try await replica.waitUntilLoaded(within: .seconds(30))
            #expect(await eventually { second.requests.count >= 1 && first.requests.count >= 2 })
            #expect(replica.catalog.revision == model.revision)
        }
        try await first.close()
        try await second.close()
    }

    // MARK: - The whole

    /// Goal: without a worker that answers, an origin on the network is asked, and a directory of this
    /// host is not: of the same name it may hold other data, or nothing.
    @Test func theAssemblyGoesPastDeadWorkersButNotToItsOwnDirectories() async throws {
        let scratch = try ScratchFiles()
        try scratch.write("dir/file", content(of: "file", count: 2_500))
        var model = Self.model
        model.perform(.putMount(path: "/files", Mount(origin: "file://\(scratch.path)"), .any))
        model.perform(.putMount(path: "/objects", Self.unreachableStore, .any))
        let text = model.stateLines
        let server = try await WatchServer { _, _ in .lines(text) }
        let registry = MetricRegistry()
        let resources = RemoteClient.Resources(
            http: testHTTP,
            group: MultiThreadedEventLoopGroup.singleton,
            pool: NIOThreadPool.singleton,
            metrics: registry,
            log: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        )
        func settings(region: String?) -> RemoteClient.Settings {
            RemoteClient.Settings(
                addresses: [server.address],
                region: region,
                name: "test",
                patience: .seconds(10),
                environment: [:]
            )
        }
        await #expect(throws: RemoteClientError.unknownRegion("mars", known: [Rig.region])) {
            _ = try await RemoteClient.connect(settings(region: "mars"), resources)
        }
        let client = try await RemoteClient.connect(settings(region: Rig.region), resources)
        #expect(client.cluster == clusterEntry.id)
        for path in ["/files/dir/file", "/objects/x"] as [ByteString] {
            let isDirectory = path.hasPrefix("/files")
            let file = FileReference(path: path, size: 10, modifiedUnixNS: 0, version: "v")
            let errors = await [
                Self.error { _ = try await client.files.attributes(of: path, view: .object) },
                Self.error { _ = try await client.files.list(path, after: nil, limit: 5) },
                Self.error {
                    let context = ReadContext(client: .fuse)
                    _ = try await client.files.read(file, range: 0..<10, context: context)
                },
            ]
            for error in errors {
                switch error {
                case .misconfigured(let why): #expect(isDirectory, "\(path): \(why)")
                case .originFailed(let why): #expect(!isDirectory, "\(path): \(why)")
                default: Issue.record("\(path): \(String(describing: error))")
                }
            }
        }
        await client.shutdown()
        try await server.close()
    }

    private static let unreachableStore = Mount(
        origin: "s3://bucket",
        options: [
            MountOption(key: "endpoint", value: "http://127.0.0.1:1"),
            MountOption(key: "anonymous", value: "true"),
        ]
    )

    static func error(_ body: () async throws -> Void) async -> FileError? {
        do {
            try await body()
            return nil
        } catch {
            return error as? FileError
        }
    }
}

extension Revision {
    fileprivate var previous: Revision { Revision(rawValue - 1) }
}
