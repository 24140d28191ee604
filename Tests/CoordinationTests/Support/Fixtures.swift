// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Coordination
import Primitives
import Testing

func testStore(_ number: UInt64) -> StoreID { StoreID(UniqueID(high: 7, low: number)) }

func testCluster(_ number: UInt64 = 1) -> ClusterID { ClusterID(UniqueID(high: 9, low: number)) }

func registration(
    _ name: String,
    store: UInt64,
    region: String = "ap",
    zone: String = "ap-a",
    peer: String = "127.0.0.1:7403"
) -> WorkerRegistration {
    WorkerRegistration(
        store: testStore(store),
        name: name,
        region: region,
        zone: zone,
        addresses: WorkerAddresses(
            http: "127.0.0.1:7400",
            s3: nil,
            data: "127.0.0.1:7402",
            peer: peer,
            socket: nil
        ),
        capacity: 1 << 30,
        version: "0.1.0",
        startedAtUnixMS: 1000
    )
}

/// Genesis of three voters w1, w2, w3.
func genesis() -> CatalogCommand {
    let entry = ClusterEntry(
        id: testCluster(),
        generation: 1,
        survival: .zone,
        timing: .lan,
        featureLevel: 1,
        voters: [NodeID(1), NodeID(2), NodeID(3)]
    )
    let workers = (1...3).map { registration("w\($0)", store: UInt64($0)) }
    return CatalogCommand(operation: .genesis(entry, workers))
}

func put(
    _ path: String,
    _ origin: String = "s3://bucket/prefix",
    if condition: Precondition = .any,
    key: String? = nil
) -> CatalogCommand {
    CatalogCommand(
        operation: .putMount(path: ByteString(path), Mount(origin: origin), condition),
        idempotency: key.map { Idempotency(key: $0, fingerprint: 1) }
    )
}

func remove(_ path: String) -> CatalogCommand {
    CatalogCommand(operation: .removeMount(path: ByteString(path), .any))
}

/// Waits for a fact, looking again and again, at most this long.
func eventually(
    _ what: Comment,
    within limit: Duration = .seconds(15),
    sourceLocation: SourceLocation = #_sourceLocation,
    _ isTrue: () async throws -> Bool
) async throws {
    let deadline = ContinuousClock.now + limit
    while ContinuousClock.now < deadline {
        if try await isTrue() { return }
        try await Task.sleep(for: .milliseconds(5))
    }
    try #require(Bool(false), what, sourceLocation: sourceLocation)
}

/// What a watch tells, up to the change of a mount.
func changes(of stream: any WatchStream, through path: ByteString) async -> [CatalogChange] {
    var changes: [CatalogChange] = []
    while let events = await stream.events() {
        for case .change(let change) in events {
            changes.append(change)
            if change.key == CatalogKey.mount(path) { return changes }
        }
    }
    return changes
}
