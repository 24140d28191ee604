// SPDX-License-Identifier: Apache-2.0

import Coordination
import Codecs
import LogStorage
import Logging
import NIOCore
import NIOPosix
import PageStorage
import PeerTransport
import Primitives
import RaftCore
import Settings
import Synchronization
import SystemIO
import SystemPackage
import Telemetry

/// What a worker needs before it can bind anything: its directory, its way to peers, coordination.
struct WorkerBase {
    let store: MembershipStore
    let door: PeerDoor
    let peerClient: PeerClient
    let coordination: CoordinationNode
    let cache = CacheBox()

    init(
        _ settings: WorkerSettings,
        peers loop: any EventLoop,
        metrics: MetricRegistry,
        log: Logger
    ) throws(WorkerFailure) {
        store = MembershipStore(directory: try Self.openDirectory(settings))
        try Self.takeStock(of: store, log)
        let door = PeerDoor(
            fresh: PeerHello(
                cluster: nil,
                node: nil,
                store: store.store,
                name: settings.name,
                region: settings.region,
                zone: settings.zone
            )
        )
        self.door = door
        peerClient = PeerClient(
            group: loop,
            hello: { door.hello() },
            accept: { door.accept($0) },
            observer: door,
            limits: .coordination,
            seed: (try? SystemEntropy.seed()) ?? SystemClock.monotonic
        )
        coordination = CoordinationNode(
            settings: CoordinationSettings(
                store: store.store,
                name: settings.name,
                region: settings.region,
                zone: settings.zone,
                capacity: settings.capacity.bytes,
                version: BuildFacts.version,
                startedAtUnixMS: SystemClock.wall / 1_000_000,
                join: settings.join.map { PeerAddress(host: $0.host, port: Int($0.port)) },
                load: { [cache] in cache.load },
                now: Worker.now
            ),
            store: store,
            peers: peerClient,
            loop: loop,
            metrics: metrics,
            log: log
        )
        door.open(coordination)
    }

    private static func openDirectory(
        _ settings: WorkerSettings
    ) throws(WorkerFailure) -> DataDirectory {
        do throws(DataDirectoryError) {
            makeParents(of: FilePath(settings.dataDirectory))
            return try DataDirectory(
                at: FilePath(settings.dataDirectory),
                name: settings.name,
                makeStore: makeStore
            )
        } catch {
            throw .dataDirectory(error)
        }
    }

    static func makeStore() -> StoreID {
        var generator = SystemRandomNumberGenerator()
        return StoreID(UniqueID(using: &generator))
    }

    /// Says what a worker starts without: a vote whose log is beyond repair, or a store it gave up.
    private static func takeStock(
        of store: MembershipStore,
        _ log: Logger
    ) throws(WorkerFailure) {
        let rejected: RejectedLog?
        do throws(MembershipStoreError) {
            rejected = try store.takeStock()
        } catch {
            throw .membership(error)
        }
        if let rejected {
            log.critical(
                """
                the voter's log is beyond repair: this worker does not vote, and comes back as a new \
                store once a quorum of the other voters goes on without it
                """,
                metadata: [
                    "log.file": "\(rejected.refusal.file)",
                    "log.finding": "\(rejected.refusal.finding.rawValue)",
                    "log.detail": "\(rejected.refusal.detail)",
                ]
            )
        }
        guard case .lostStore(let lost) = store.opening else { return }
        log.critical(
            "this worker waits to take a lost voter's place",
            metadata: [
                "cluster.id": "\(lost.cluster)", "node.id": "\(lost.voter.node)",
                "store.lost": "\(lost.voter.store)", "store.new": "\(store.store)",
                "log.finding": "\(lost.finding.rawValue)",
                "log.quarantine": "\(lost.quarantine)",
            ]
        )
    }

    /// What cannot be made is said by whoever then misses it.
    private static func makeParents(of path: FilePath) {
        var parent = FilePath(root: path.root)
        for component in path.removingLastComponent().components {
            parent.append(component)
            try? Directory.createDurably(parent)
        }
    }
}

/// The cache, once it is open: coordination reports its load long before.
final class CacheBox: Sendable {
    private let store = Mutex<PageStore?>(nil)

    func open(_ opened: PageStore) { store.withLock { $0 = opened } }

    var statistics: PageStoreStatistics? { store.withLock { $0 }?.statistics }

    var load: (usedBytes: UInt64, pages: UInt64) {
        guard let statistics else { return (0, 0) }
        return (statistics.allocated, statistics.pageCount)
    }
}
