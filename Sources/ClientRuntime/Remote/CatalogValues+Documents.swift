// SPDX-License-Identifier: Apache-2.0
package import APIModel
package import CatalogCore
import Primitives

/// A document of the API that no catalog can hold.
package struct DocumentProblem: Error, Sendable, Equatable {
    /// The member, as the document names it.
    package let member: String
    package let value: String

    init(_ member: String, _ value: String) {
        self.member = member
        self.value = String(value.prefix(100))
    }
}

extension CatalogValue {
    /// What a watched value stands for: the reverse of the API's own shapes; `nil` for jobs, which no
    /// client needs a replica of.
    package init?(_ value: WatchValue) throws(DocumentProblem) {
        switch value {
        case .mount(let document): self = .mount(try MountEntry(document))
        case .worker(let document): self = .worker(try WorkerEntry(document))
        case .ring(let document): self = .ring(RingEntry(document))
        case .credential(let document): self = .credential(try CredentialEntry(document))
        case .voters(let document): self = .cluster(try ClusterEntry(document))
        case .job: return nil
        }
    }
}

// MARK: - Mounts

extension MountEntry {
    /// - Throws: ``DocumentProblem`` for a word, a number or a time that no mount can have.
    package init(_ document: MountDocument) throws(DocumentProblem) {
        let regions = document.regions.sorted {
            $0.key.utf8.lexicographicallyPrecedes($1.key.utf8)
        }
        var origins = [ResolvedOrigin(region: nil, origin: OriginID(document.originId))]
        origins += regions.map { region, override in
            ResolvedOrigin(region: region, origin: OriginID(override.originId))
        }
        self.init(
            path: ByteString(document.path),
            mount: try Mount(document, regions: regions.map(Mount.NamedOverride.init)),
            origins: origins,
            createRevision: Revision(document.createRevision),
            modRevision: Revision(document.modRevision)
        )
    }
}

extension Mount {
    fileprivate init(
        _ document: MountDocument,
        regions: [NamedOverride]
    ) throws(DocumentProblem) {
        guard let write = WritePolicy(document.write) else {
            throw DocumentProblem("write", document.write)
        }
        guard let replicas = UInt8(exactly: document.replicas),
            CatalogLimits.replicas.contains(replicas)
        else { throw DocumentProblem("replicas", "\(document.replicas)") }
        guard let ttl = MetadataTTL(document.metadataTtl) else {
            throw DocumentProblem("metadataTtl", document.metadataTtl)
        }
        guard let onStale = StalePolicy(document.onStale) else {
            throw DocumentProblem("onStale", document.onStale)
        }
        self.init(
            origin: document.origin,
            options: Self.options(document.options),
            credential: document.credential,
            regions: regions,
            write: write,
            replicas: replicas,
            metadataTTL: ttl,
            onStale: onStale
        )
    }

    fileprivate static func options(_ options: [String: String]) -> [MountOption] {
        options.map { MountOption(key: $0.key, value: $0.value) }
            .sorted { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }
    }
}

extension Mount.NamedOverride {
    fileprivate init(region: String, document: MountRegionDocument) {
        self.init(
            region: region,
            override: Mount.RegionOverride(
                origin: document.origin,
                options: document.options.map(Mount.options),
                credential: document.credential
            )
        )
    }
}

// MARK: - Credentials

extension CredentialEntry {
    /// - Throws: ``DocumentProblem`` for what is no key id.
    package init(_ document: CredentialDocument) throws(DocumentProblem) {
        guard document.keyId.utf8.count == 16,
            let key = UInt64(document.keyId, radix: 16)
        else { throw DocumentProblem("keyId", document.keyId) }
        self.init(
            name: document.name,
            keyID: CredentialKeyID(key),
            fields: document.fields,
            createRevision: Revision(document.createRevision),
            modRevision: Revision(document.modRevision)
        )
    }
}

// MARK: - Workers and rings

extension WorkerEntry {
    /// - Throws: ``DocumentProblem`` for a state or a store that no worker can have.
    package init(_ document: WorkerDocument) throws(DocumentProblem) {
        guard let store = UniqueID(document.store) else {
            throw DocumentProblem("store", document.store)
        }
        guard let state = State(document.state) else {
            throw DocumentProblem("state", document.state)
        }
        self.init(
            id: NodeID(document.id),
            store: StoreID(store),
            name: document.name,
            region: document.region,
            zone: document.zone,
            state: state,
            addresses: WorkerAddresses(
                http: document.addresses.http,
                s3: document.addresses.s3,
                data: document.addresses.data,
                peer: document.addresses.peer,
                socket: document.addresses.socket
            ),
            capacity: document.capacity,
            version: document.version,
            startedAtUnixMS: UInt64(clamping: document.startedAt.unixMilliseconds),
            modRevision: Revision(document.modRevision)
        )
    }
}

extension WorkerEntry.State {
    private static let all: [Self] = [
        .joining, .active, .suspended, .draining, .drained, .removed,
    ]

    fileprivate init?(_ text: String) {
        guard let state = Self.all.first(where: { $0.text == text }) else { return nil }
        self = state
    }
}

extension RingEntry {
    /// Members in the order of ids, none twice, whatever came.
    package init(_ document: RingDocument) {
        self.init(
            region: document.region,
            epoch: RingEpoch(document.epoch),
            members: Self.members(document.workers),
            previous: document.previous.prefix(CatalogLimits.previousRings).map { previous in
                PreviousRing(
                    epoch: RingEpoch(previous.epoch),
                    members: Self.members(previous.workers)
                )
            },
            heldFor: document.workers.filter { document.heldFor.contains($0.name) }
                .map { NodeID($0.id) }.sorted(),
            modRevision: Revision(document.modRevision)
        )
    }

    private static func members(_ workers: [RingWorkerDocument]) -> [Member] {
        var members: [Member] = []
        for worker in workers.sorted(by: { $0.id < $1.id })
        where members.last?.id.rawValue != worker.id {
            members.append(
                Member(
                    id: NodeID(worker.id),
                    name: worker.name,
                    zone: worker.zone,
                    capacity: worker.capacity
                )
            )
        }
        return members
    }
}

// MARK: - The cluster

extension ClusterEntry {
    /// - Throws: ``DocumentProblem`` for an id or a word that no cluster can have.
    package init(_ document: VotersDocument) throws(DocumentProblem) {
        guard let id = UniqueID(document.cluster) else {
            throw DocumentProblem("cluster", document.cluster)
        }
        let survival: Survival
        switch document.survive {
        case "zone": survival = .zone
        case "region": survival = .region
        default: throw DocumentProblem("survive", document.survive)
        }
        let timing: Timing
        switch document.timing {
        case "lan": timing = .lan
        case "wan": timing = .wan
        default: throw DocumentProblem("timing", document.timing)
        }
        self.init(
            id: ClusterID(id),
            generation: document.generation,
            survival: survival,
            timing: timing,
            featureLevel: document.featureLevel,
            voters: document.voters.map(NodeID.init)
        )
    }
}
