// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives

func store(_ number: UInt64) -> StoreID { StoreID(UniqueID(high: 7, low: number)) }

func registration(
    _ name: String,
    store number: UInt64,
    region: String = "ap",
    zone: String = "ap-a",
    capacity: UInt64 = 1 << 30,
    startedAt: UInt64 = 1000
) -> WorkerRegistration {
    WorkerRegistration(
        store: store(number),
        name: name,
        region: region,
        zone: zone,
        addresses: WorkerAddresses(
            http: "127.0.0.1:7400",
            s3: nil,
            data: "127.0.0.1:7402",
            peer: "127.0.0.1:7403",
            socket: "/run/tarn/\(name).sock"
        ),
        capacity: capacity,
        version: "0.1.0",
        startedAtUnixMS: startedAt
    )
}

func clusterEntry(_ number: UInt64 = 1, voters: [UInt64] = [1, 2, 3]) -> ClusterEntry {
    ClusterEntry(
        id: ClusterID(UniqueID(high: 9, low: number)),
        generation: 1,
        survival: .zone,
        timing: .lan,
        featureLevel: 1,
        voters: voters.map(NodeID.init)
    )
}

let firstWorkers = [
    registration("w2", store: 2, zone: "ap-b"),
    registration("w1", store: 1),
    registration("us1", store: 3, region: "us", zone: "us-a"),
]

/// A catalog of three workers at revision 1.
func formedCatalog() -> Catalog {
    var catalog = Catalog()
    catalog.perform(.genesis(clusterEntry(), firstWorkers))
    return catalog
}

extension Catalog {
    @discardableResult
    mutating func perform(
        _ operation: CatalogCommand.Operation,
        key: String? = nil,
        fingerprint: UInt64 = 0,
        atMS: UInt64 = 0
    ) -> Application {
        let idempotency = key.map { Idempotency(key: $0, fingerprint: fingerprint) }
        return apply(
            CatalogCommand(operation: operation, idempotency: idempotency, elapsedMS: atMS)
        )
    }

    @discardableResult
    mutating func put(
        _ path: ByteString,
        _ mount: Mount = Mount(origin: "s3://bucket"),
        if precondition: Precondition = .absent(plain: true)
    ) -> Application {
        perform(.putMount(path: path, mount, precondition))
    }
}

func report(
    node: UInt64,
    epoch: UInt64,
    remaining: UInt64 = 0,
    moved: UInt64 = 0,
    isDone: Bool = false
) -> HandoffReport {
    HandoffReport(
        node: NodeID(node),
        epoch: RingEpoch(epoch),
        remaining: HandoffReport.Amount(pages: remaining, bytes: remaining << 20),
        moved: HandoffReport.Amount(pages: moved, bytes: moved << 20),
        isDone: isDone
    )
}

extension Catalog.Application {
    var job: JobEntry? {
        if case .job(let job) = outcome { job } else { nil }
    }

    var ring: RingEntry? {
        if case .ring(let ring) = outcome { ring } else { nil }
    }

    var refusal: CatalogRefusal? {
        if case .refused(let refusal) = outcome { refusal } else { nil }
    }

    var mount: MountEntry? {
        if case .mount(let entry, _) = outcome { entry } else { nil }
    }

    var credential: CredentialEntry? {
        if case .credential(let entry, _) = outcome { entry } else { nil }
    }

    var worker: WorkerEntry? {
        if case .worker(let worker) = outcome { worker } else { nil }
    }
}

extension CatalogRefusal {
    /// The kind alone, for tables.
    var kind: String {
        switch self {
        case .mountExists: "mount-exists"
        case .revisionMismatch: "revision-mismatch"
        case .noSuchMount: "no-such-mount"
        case .noSuchWorker: "no-such-worker"
        case .badPath: "bad-path"
        case .badValue: "bad-value"
        case .unknownScheme: "unknown-scheme"
        case .unknownOption: "unknown-option"
        case .bucketNameTaken: "bucket-name-taken"
        case .idempotencyKeyReused: "idempotency-key-reused"
        case .nameTaken: "name-taken"
        case .alreadyFormed: "already-formed"
        case .full: "full"
        case .storeRetired: "store-retired"
        case .noSuchCredential: "no-such-credential"
        case .credentialInUse: "credential-in-use"
        case .unsafe: "unsafe"
        }
    }
}

func option(_ key: String, _ value: String) -> MountOption { MountOption(key: key, value: value) }

func region(
    _ name: String,
    origin: String? = nil,
    options: [MountOption]? = nil,
    credential: String? = nil
) -> Mount.NamedOverride {
    Mount.NamedOverride(
        region: name,
        override: Mount.RegionOverride(origin: origin, options: options, credential: credential)
    )
}
