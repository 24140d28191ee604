// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import ClientRuntime
import Coordination
import HTTPAPI
import InMemoryLogging
import Logging
import NIOCore
import NIOPosix
import Origins
import Primitives
import Synchronization
import Telemetry
import TestKit

/// A watch that hears what the test says, one event at a time.
final class FakeWatch: WatchStream {
    private let stream: AsyncStream<WatchEvent>
    private let continuation: AsyncStream<WatchEvent>.Continuation

    init(stream: AsyncStream<WatchEvent>, continuation: AsyncStream<WatchEvent>.Continuation) {
        self.stream = stream
        self.continuation = continuation
    }

    func events() async -> [WatchEvent]? {
        var iterator = stream.makeAsyncIterator()
        return await iterator.next().map { [$0] }
    }

    func end() { continuation.finish() }
}

/// Coordination over a real catalog in this process; errors and readiness are set by the test.
final class FakeCoordination: CoordinationService {
    struct State: Sendable {
        var catalog = Catalog()
        var readiness = Readiness.ready
        var barrierError: CoordinationError?
        /// Of every barrier but the first.
        var laterBarrierError: CoordinationError?
        var submitError: CoordinationError?
        var watchError: CoordinationError?
        var initError: CoordinationError?
        var transferError: CoordinationError?
        /// Applied while the origin is being asked, as by an attempt that is still on its way.
        var late: CatalogCommand?
        /// Applied right after each look at the catalog.
        var next: CatalogCommand?
        var barriers = 0
        var commands: [CatalogCommand] = []
        var watches: [WatchRequest] = []
        var transfers: [String?] = []
        var outlook: VotingOutlook?
        var votingChanges: [VotingChange] = []
        var inits: [InitialisationRequest] = []
        var events: [AsyncStream<WatchEvent>.Continuation] = []
    }

    let state: Mutex<State>

    init(catalog: Catalog) {
        var state = State()
        state.catalog = catalog
        self.state = Mutex(state)
    }

    func view() -> CatalogView {
        let catalog = state.withLock { state in
            let seen = state.catalog
            if let next = state.next { _ = state.catalog.apply(next) }
            return seen
        }
        return CatalogView(catalog: catalog, staleness: Timespan(milliseconds: 7))
    }

    var isFormed: Bool { state.withLock { $0.catalog.cluster != nil } }

    func readBarrier(within limit: Timespan) async throws(CoordinationError) {
        let error = state.withLock { state in
            state.barriers += 1
            if let late = state.late, state.barriers > 1 { _ = state.catalog.apply(late) }
            return state.barrierError ?? (state.barriers > 1 ? state.laterBarrierError : nil)
        }
        if let error { throw error }
    }

    func wait(for revision: Revision, within limit: Timespan) async throws(CoordinationError) {
        let have = state.withLock { $0.catalog.revision }
        guard have >= revision else { throw .behind(have: have, wanted: revision) }
    }

    func submit(
        _ command: CatalogCommand,
        within limit: Timespan
    ) async throws(CoordinationError) -> CatalogOutcome {
        let result: Result<CatalogOutcome, CoordinationError> = state.withLock { state in
            state.commands.append(command)
            if let error = state.submitError { return .failure(error) }
            return .success(state.catalog.apply(command).outcome)
        }
        return try result.get()
    }

    func barrier(_ request: BarrierRequest, within limit: Timespan) async -> BarrierReport {
        BarrierReport(regions: [
            .init(name: "ap", workerCount: 2, missing: [], isExpired: false),
            .init(
                name: "us",
                workerCount: 1,
                missing: ["w3"],
                isExpired: limit.milliseconds > 1000
            ),
        ])
    }

    func watch(_ request: WatchRequest) throws(CoordinationError) -> any WatchStream {
        let (stream, continuation) = AsyncStream<WatchEvent>.makeStream()
        let error = state.withLock { state in
            state.watches.append(request)
            state.events.append(continuation)
            return state.watchError
        }
        if let error { throw error }
        return FakeWatch(stream: stream, continuation: continuation)
    }

    func untilVotersWereAsked() async {}

    func status() -> CoordinationStatus {
        let catalog = state.withLock { $0.catalog }
        return CoordinationStatus(
            cluster: catalog.cluster?.id,
            term: Term(4),
            leader: "w1",
            commitIndex: LogIndex(9),
            quorumHave: 2,
            quorumNeed: 2,
            voters: catalog.workers.prefix(2).map { worker in
                CoordinationStatus.VoterStatus(
                    node: worker.id,
                    name: worker.name,
                    region: worker.region,
                    zone: worker.zone,
                    isReachable: worker.name == "w1",
                    trailsLeaderBy: worker.name == "w1" ? 0 : nil
                )
            },
            workers: [
                WorkerHealth(name: "w1", liveness: .alive, usedBytes: 5, pages: 2),
                WorkerHealth(name: "w2", liveness: .dead, usedBytes: nil, pages: nil),
            ]
        )
    }

    func readiness() -> Readiness { state.withLock { $0.readiness } }

    func initialise(
        _ request: InitialisationRequest,
        within limit: Timespan
    ) async throws(CoordinationError) -> FormedCluster {
        let error = state.withLock { state in
            state.inits.append(request)
            return state.initError
        }
        if let error { throw error }
        let formed = Sample.catalog()
        state.withLock { $0.catalog = formed }
        guard let cluster = formed.cluster else { throw .notInitialised }
        return FormedCluster(entry: cluster, voters: ["w1", "w2", "w3"])
    }

    func backup(within limit: Timespan) async throws(CoordinationError) -> CatalogBackup {
        let catalog = state.withLock { $0.catalog }
        guard
            let backup = CatalogBackup(
                catalog,
                at: LogIndex(9),
                by: "w1",
                unixMS: 1_700_000_000_000
            )
        else { throw .notInitialised }
        return backup
    }

    func restore(
        _ backup: CatalogBackup,
        within limit: Timespan
    ) async throws(CoordinationError) -> FormedCluster {
        let error: CoordinationError? = state.withLock { state in
            guard state.catalog.cluster == nil else {
                return .unsafe("this worker already belongs to a cluster")
            }
            state.catalog = backup.catalog
            return state.initError
        }
        if let error { throw error }
        return FormedCluster(entry: backup.cluster, voters: ["w1"])
    }

    func transferLeadership(
        to name: String?,
        within limit: Timespan
    ) async throws(CoordinationError) -> String {
        let error = state.withLock { state in
            state.transfers.append(name)
            return state.transferError
        }
        if let error { throw error }
        guard name != "nobody" else { throw .notFound("there is no voter 'nobody'") }
        return name ?? "w2"
    }

    func votingOutlook() async -> VotingOutlook? { state.withLock { $0.outlook } }

    func effect(
        of kind: VoteWish.Kind,
        on name: String
    ) async throws(CoordinationError) -> String {
        guard name != "nobody" else { throw .notFound("no worker is named 'nobody'") }
        guard name != "w1" else { throw .unsafe("w1 is one of 3 voters") }
        return "\(name) is \(kind)"
    }

    func changeVoting(
        _ change: VotingChange,
        within limit: Timespan
    ) async throws(CoordinationError) -> ClusterEntry {
        let entry = state.withLock { state in
            state.votingChanges.append(change)
            let command = CatalogCommand(operation: .voting(change))
            _ = state.catalog.apply(command)
            return state.catalog.cluster
        }
        guard let entry else { throw .notInitialised }
        return entry
    }
}

struct FakeLocator: PageLocator, LocalityRanking {
    func locality(of path: ByteString) async throws(FileError) -> PathLocality {
        guard path != "/nowhere" else { throw .notFound }
        return PathLocality(
            path: path,
            fileCount: 2,
            byteCount: 30,
            isSample: false,
            workers: [.init(worker: "w2", byteCount: 20), .init(worker: "w1", byteCount: 10)]
        )
    }

    func locate(_ path: ByteString, offset: UInt64) async throws(FileError) -> PageLocation {
        guard path != "/nowhere" else { throw .notFound }
        return PageLocation(
            path: path,
            offset: offset,
            unit: UInt32(offset >> 26),
            hash: 0xAB,
            epoch: RingEpoch(3),
            owners: ["w2", "w1"],
            previousOwners: [],
            cachedOn: ["w2"]
        )
    }
}

final class FakeProbe: OriginProbe {
    let error = Mutex<FileError?>(nil)
    let checks = Mutex<[Mount]>([])

    func check(_ mount: Mount) async throws(FileError) {
        checks.withLock { $0.append(mount) }
        if let error = error.withLock({ $0 }) { throw error }
    }

    func credentialSource(for mount: Mount) -> String { mount.credential ?? "environment" }
}

/// An origin of two objects, and another region that repeats what it is asked.
struct FakeSurvey: OriginSurveying, RegionForwarding {
    func subject(at path: ByteString) throws(FileError) -> SurveySubject {
        guard let entry = Sample.catalog(mounts: [(path, Mount(origin: "s3://b"))]).mount(at: path)
        else { throw .notFound }
        return SurveySubject(entry: entry, uri: "s3://b", origin: MemoryOrigin(), prefix: "")
    }

    func names(
        of subject: SurveySubject,
        from continuation: ByteString?,
        upTo hash: UInt64
    ) async throws(FileError) -> (found: SurveyedNames, next: ByteString?) {
        var found = SurveyedNames()
        found.add([.init(name: "x", size: 1), .init(name: ByteString([0xFF]), size: 2)])
        return (found, "more")
    }

    func checksums(
        of names: [ByteString],
        in subject: SurveySubject
    ) async -> [Result<ObjectChecksums, FileError>] {
        names.map { _ in .success(ObjectChecksums(size: 1, values: ["sha256": "s"])) }
    }

    func content(
        of names: [ByteString],
        in subject: SurveySubject
    ) async -> [Result<ObjectChecksums, FileError>] {
        names.map { _ in .failure(.notFound) }
    }

    func forward(
        _ request: APIRequest,
        toRegion region: String
    ) async throws(Problem) -> APIResponse {
        APIResponse.text("\(region) \(request.rawTarget)", type: "text/plain")
    }
}

/// Everything one server asks.
struct World: Sendable {
    let coordination: FakeCoordination
    let files = FakeFiles()
    let probe = FakeProbe()
    let survey = FakeSurvey()
    let metrics = MetricRegistry()
    let log = InMemoryLogHandler()
    let vault: CredentialVault

    /// A worker with these keys, as in its environment.
    init(catalog: Catalog = Sample.catalog(), keys: String? = nil) {
        let coordination = FakeCoordination(catalog: catalog)
        self.coordination = coordination
        vault = CredentialVault(
            keyFile: nil,
            environment: keys.map { [CredentialVault.keyVariable: $0] } ?? [:],
            pool: .singleton,
            catalog: { coordination.state.withLock { $0.catalog } }
        )
    }

    var dependencies: HTTPDependencies {
        var handler = log
        handler.logLevel = .trace
        return HTTPDependencies(
            coordination: coordination,
            files: files,
            locator: FakeLocator(),
            probe: probe,
            vault: vault,
            survey: SurveyDependencies(
                worker: "w1",
                surveyor: survey,
                neighbours: survey
            ),
            metrics: metrics,
            logger: Logger(label: "http") { [handler] _ in handler },
            region: "ap",
            version: "0.1.0-test"
        )
    }
}

/// A cluster of three workers in two regions.
enum Sample {
    static let clusterID = ClusterID(UniqueID(high: 0x1111, low: 0x2222))

    static func catalog(mounts: [(ByteString, Mount)] = []) -> Catalog {
        var catalog = Catalog()
        let entry = ClusterEntry(
            id: clusterID,
            generation: 1,
            survival: .zone,
            timing: .lan,
            featureLevel: 1,
            voters: [NodeID(1), NodeID(2), NodeID(3)]
        )
        let workers = [("w1", "ap"), ("w2", "ap"), ("w3", "us")].enumerated().map { index, worker in
            WorkerRegistration(
                store: StoreID(UniqueID(high: 9, low: UInt64(index))),
                name: worker.0,
                region: worker.1,
                zone: "\(worker.1)-\(index)",
                addresses: WorkerAddresses(
                    http: "127.0.0.1:74\(index)0",
                    s3: nil,
                    data: "127.0.0.1:74\(index)2",
                    peer: "127.0.0.1:74\(index)3",
                    socket: nil
                ),
                capacity: 100 << 30,
                version: "0.1.0",
                startedAtUnixMS: 1_700_000_000_000
            )
        }
        _ = catalog.apply(CatalogCommand(operation: .genesis(entry, workers)))
        for (path, mount) in mounts {
            _ = catalog.apply(
                CatalogCommand(operation: .putMount(path: path, mount, .absent(plain: true)))
            )
        }
        return catalog
    }
}
