// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import Primitives
import Testing

/// Workers that look for each other, formed into a cluster or not yet.
final class TestCluster: Sendable {
    let workers: [TestWorker]

    /// `count` workers w1, w2, …, not formed; the first `joinable` stand in every `join` and are
    /// started.
    init(
        count: Int,
        joinable: Int? = nil,
        limits: CoordinationLimits = CoordinationLimits(),
        datagrams: TestWorker.Datagrams = .none
    ) async throws {
        workers = try (1...count).map {
            try TestWorker("w\($0)", limits: limits, datagrams: datagrams)
        }
        let join = workers.prefix(joinable ?? count).map(\.address)
        for worker in workers { worker.look(for: join) }
        for worker in workers.prefix(joinable ?? count) { try await worker.start() }
    }

    subscript(_ index: Int) -> TestWorker { workers[index] }

    /// A cluster formed by w1, its body run, everything ended whatever happens.
    static func run(
        count: Int,
        voters: Int? = nil,
        limits: CoordinationLimits = CoordinationLimits(),
        datagrams: TestWorker.Datagrams = .none,
        _ body: (TestCluster) async throws -> Void
    ) async throws {
        let cluster = try await TestCluster(
            count: count,
            joinable: voters,
            limits: limits,
            datagrams: datagrams
        )
        try await cluster.ending {
            try await cluster.form(voters: voters)
            for worker in cluster.workers where !worker.isRunning { try await worker.start() }
            try await cluster.allReady()
            try await body(cluster)
        }
    }

    func ending(_ body: () async throws -> Void) async throws {
        do {
            try await body()
        } catch {
            await stop()
            throw error
        }
        await stop()
    }

    func form(voters: Int? = nil) async throws {
        _ = try await workers[0].node.initialise(Self.request(voters: voters), within: .seconds(20))
        try await allReady()
    }

    static func request(voters: Int? = nil) -> InitialisationRequest {
        InitialisationRequest(voterCount: voters, survival: .zone, timing: .lan)
    }

    func allReady() async throws {
        for worker in workers where worker.isRunning {
            try await eventually("\(worker.name) is ready") {
                try worker.node.readiness() == .ready
            }
        }
    }

    func stop() async {
        await withDiscardingTaskGroup { group in
            for worker in workers { group.addTask { await worker.stop(.crash) } }
        }
    }

    /// The running worker that leads, as it says itself; waits for one.
    func leader() async throws -> TestWorker {
        var found: TestWorker?
        try await eventually("somebody leads") {
            found = try workers.first { worker in
                guard worker.isRunning else { return false }
                return try worker.node.status().leader == worker.name
            }
            return found != nil
        }
        return try #require(found)
    }

    func followers(of leader: TestWorker) -> [TestWorker] {
        workers.filter { $0 !== leader && $0.isRunning }
    }

    /// Every running worker holds the same catalog at the same revision.
    func agree() async throws {
        try await eventually("all hold the same") {
            let catalogs = try workers.filter(\.isRunning).map { try $0.node.view().catalog }
            return Set(catalogs.map(\.revision)).count == 1
                && Set(catalogs.map(\.stateDigest)).count == 1
        }
    }
}

extension TestWorker {
    /// Writes here; the revision of what was stored.
    @discardableResult
    func write(_ command: CatalogCommand) async throws -> Revision {
        let outcome = try await node.submit(command, within: .seconds(15))
        switch outcome {
        case .mount(let entry, _): return entry.modRevision
        case .mountRemoved(let entry): return entry.modRevision
        case .worker(let entry): return entry.modRevision
        case .credential(let entry, _), .credentialRemoved(let entry): return entry.modRevision
        case .ring(let entry): return entry.modRevision
        case .job(let entry): return entry.modRevision
        case .clusterFormed: return Revision(1)
        case .refused(let refusal): throw refusal
        }
    }

    /// Why a write fails here; `nil` where it was taken.
    func failure(
        of command: CatalogCommand,
        within limit: Timespan
    ) async throws -> CoordinationError? {
        let node = try node
        do throws(CoordinationError) {
            _ = try await node.submit(command, within: limit)
            return nil
        } catch {
            return error
        }
    }

    /// Why an init fails here; `nil` where it succeeded.
    func initFailure(within limit: Timespan, voters: Int? = nil) async throws -> CoordinationError?
    {
        let node = try node
        do throws(CoordinationError) {
            _ = try await node.initialise(TestCluster.request(voters: voters), within: limit)
            return nil
        } catch {
            return error
        }
    }

    /// A linearizable read of one mount here.
    func read(_ path: String) async throws -> MountEntry? {
        try await node.readBarrier(within: .seconds(15))
        return try node.view().catalog.mount(at: ByteString(path))
    }
}
