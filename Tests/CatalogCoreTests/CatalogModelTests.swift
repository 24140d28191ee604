// SPDX-License-Identifier: Apache-2.0

import CatalogCore
import Primitives
import Testing

/// What a catalog does, written down once more in the most obvious way.
///
/// Dictionaries and linear searches; no rings of ids, no digests, no sharing.
struct NaiveCatalog {
    struct NaiveMount: Equatable {
        var mount: Mount
        var createRevision: UInt64
        var modRevision: UInt64
    }

    var revision: UInt64 = 1
    var mounts: [ByteString: NaiveMount] = [:]
    var credentials: [String: NaiveCredential] = [:]
    var states: [String: WorkerEntry.State]
    var rings: [String: NaiveRing] = [
        "ap": NaiveRing(epoch: 1, members: [1, 2]), "us": NaiveRing(epoch: 1, members: [3]),
    ]
    var silent: Set<String> = []
    var drains: [String: NaiveJob] = [:]
    var moving: [String: NaiveJob] = [:]
    var reports: [UInt64: HandoffReport] = [:]
    var handoff = HandoffSettings()
    var ids: [String: UInt64]
    var regions: [String: String]
    var stores: [String: UInt64]
    var retired: Set<UInt64> = []
    var nextID: UInt64 = 4
    var voters: [NodeID]
    var survival = ClusterEntry.Survival.zone
    var voterCount: UInt8 = 0
    var wishes: [String: VoteWish.Kind] = [:]
    var remembered: [String: (fingerprint: UInt64, kind: String)] = [:]

    init() {
        states = Dictionary(uniqueKeysWithValues: firstWorkers.map { ($0.name, .active) })
        regions = Dictionary(uniqueKeysWithValues: firstWorkers.map { ($0.name, $0.region) })
        ids = ["w2": 1, "w1": 2, "us1": 3]
        stores = ["w2": 2, "w1": 1, "us1": 3]
        voters = clusterEntry().voters
    }

    mutating func apply(_ command: CatalogCommand) -> String {
        guard let idempotency = command.idempotency else { return perform(command.operation) }
        if let first = remembered[idempotency.key] {
            return first.fingerprint == idempotency.fingerprint
                ? first.kind : "idempotency-key-reused"
        }
        let kind = perform(command.operation)
        remembered[idempotency.key] = (idempotency.fingerprint, kind)
        return kind
    }

    private mutating func perform(_ operation: CatalogCommand.Operation) -> String {
        switch operation {
        case .genesis: return "formed"
        case .putMount(let path, let mount, let precondition):
            return put(mount, at: path, if: precondition)
        case .removeMount(let path, let precondition):
            guard let old = mounts[path] else { return "no-such-mount" }
            switch precondition {
            case .absent: return "revision-mismatch"
            case .revision(let asked) where asked.rawValue != old.modRevision:
                return "revision-mismatch"
            case .revision, .any: break
            }
            revision += 1
            mounts[path] = nil
            return "removed"
        case .register(let registration): return register(registration)
        case .members(let asked):
            if asked != voters { revision += 1 }
            voters = asked
            return "formed"
        case .replace(let registration, let node): return replace(node, registration)
        case .voting(let change): return changeVoting(change)
        case .putCredential(let name, let sealed, let condition):
            return put(sealed, named: name, if: condition)
        case .removeCredential(let name, let condition, let removal):
            return removeCredential(named: name, if: condition, removal)
        case .activate(let id):
            guard let name = ids.first(where: { $0.value == id.rawValue })?.key else {
                return "no-such-worker"
            }
            guard [.joining, .active, .suspended].contains(states[name]) else { return "bad-value" }
            if states[name] != .active {
                revision += 1
                states[name] = .active
                silent.remove(name)
            }
            return "worker"
        case .worker(let change): return changeWorker(change)
        case .ring(let change): return changeRing(change)
        case .handoff(let change): return changeHandoff(change)
        }
    }

    private mutating func changeVoting(_ change: VotingChange) -> String {
        let before = (survival, voterCount, wishes)
        switch change {
        case .goal(let asked, let count):
            if asked == .region, count == 1 { return "bad-value" }
            (survival, voterCount) = (asked, count)
        case .wish(let wish):
            guard let name = ids.first(where: { $0.value == wish.node.rawValue })?.key else {
                return "no-such-worker"
            }
            wishes[name] = wish.kind
        case .forgetWishes: wishes = [:]
        }
        if before != (survival, voterCount, wishes) { revision += 1 }
        return "formed"
    }

    private mutating func put(
        _ mount: Mount,
        at path: ByteString,
        if precondition: Precondition
    ) -> String {
        let old = mounts[path]
        switch precondition {
        case .absent(let isPlain):
            if old != nil { return isPlain ? "mount-exists" : "revision-mismatch" }
        case .revision(let asked):
            if old?.modRevision != asked.rawValue { return "revision-mismatch" }
        case .any: break
        }
        revision += 1
        mounts[path] = NaiveMount(
            mount: mount,
            createRevision: old?.createRevision ?? revision,
            modRevision: revision
        )
        return old == nil ? "created" : "replaced"
    }

    private mutating func register(_ registration: WorkerRegistration) -> String {
        let number = registration.store.rawValue.low
        if let known = stores.first(where: { $0.value == number })?.key {
            return known == registration.name ? "worker" : "bad-value"
        }
        if retired.contains(number) { return "store-retired" }
        if stores[registration.name] != nil { return "name-taken" }
        revision += 1
        admit(registration)
        return "worker"
    }

    private mutating func replace(_ node: NodeID, _ registration: WorkerRegistration) -> String {
        let (name, number) = (registration.name, registration.store.rawValue.low)
        guard !stores.values.contains(number), !retired.contains(number),
            let holder = stores[name]
        else { return register(registration) }
        guard ids[name] == node.rawValue else { return "name-taken" }
        revision += 1
        leaveRing(name)
        silent.remove(name)
        drains[name] = nil
        retired.insert(holder)
        admit(registration)
        return "worker"
    }

    private mutating func admit(_ registration: WorkerRegistration) {
        let number = registration.store.rawValue.low
        ids[registration.name] = nextID
        nextID += 1
        states[registration.name] = .joining
        regions[registration.name] = registration.region
        stores[registration.name] = number
    }
}

extension Catalog.Application {
    var kind: String {
        switch outcome {
        case .clusterFormed: "formed"
        case .worker: "worker"
        case .mount(_, let isCreated): isCreated ? "created" : "replaced"
        case .mountRemoved: "removed"
        case .credential(_, let isCreated): isCreated ? "created" : "replaced"
        case .credentialRemoved: "removed"
        case .ring: "ring"
        case .job: "job"
        case .refused(let refusal): refusal.kind
        }
    }
}

/// Draws commands that meet every rule, valid and not.
struct CommandSource {
    var generator: SplitMix64

    mutating func next(revision: Revision) -> CatalogCommand {
        let number = UInt64.random(in: 4...12, using: &generator)
        let store = generator.chance(percent: 90) ? number : number + 1
        let operation: CatalogCommand.Operation
        switch Int.random(in: 0..<27, using: &generator) {
        case 13, 14: operation = .putCredential(name: credential(), sealed(), condition(revision))
        case 15:
            let removal = generator.chance(percent: 30) ? CredentialRemoval.always : .ifUnused
            operation = .removeCredential(name: credential(), condition(revision), removal)
        case 16, 17, 18, 19: operation = .worker(life())
        case 20, 21, 22, 23: operation = .ring(ring())
        case 24, 25, 26: operation = .handoff(handoff())
        case 12: operation = .voting(voting())
        case 10:
            let count = UInt64.random(in: 1...3, using: &generator)
            operation = .members(voters: (1...count).map(NodeID.init))
        case 11:
            operation = .replace(
                registration(
                    "w\(number)",
                    store: store + 20 * (number % 3),
                    region: number % 2 == 0 ? "ap" : "eu"
                ),
                retiring: NodeID(UInt64.random(in: 1...20, using: &generator))
            )
        case 0:
            operation = .register(
                registration("w\(number)", store: store, region: number % 2 == 0 ? "ap" : "eu")
            )
        case 1: operation = .activate(NodeID(number))
        case 2, 3, 4: operation = .removeMount(path: path(), condition(revision))
        default: operation = .putMount(path: path(), mount(), condition(revision))
        }
        guard generator.chance(percent: 30) else { return CatalogCommand(operation: operation) }
        let key = "k\(Int.random(in: 0..<200, using: &generator))"
        let fingerprint = generator.chance(percent: 80) ? 1 : generator.next()
        return CatalogCommand(
            operation: operation,
            idempotency: Idempotency(key: key, fingerprint: fingerprint)
        )
    }

    private mutating func voting() -> VotingChange {
        switch Int.random(in: 0..<8, using: &generator) {
        case 0: return .forgetWishes
        case 1, 2:
            let survival = generator.chance(percent: 50) ? ClusterEntry.Survival.zone : .region
            let counts = [0] + VotingChange.voterCounts
            return .goal(survival, voterCount: counts.randomElement(using: &generator) ?? 0)
        default:
            let node = NodeID(UInt64.random(in: 1...12, using: &generator))
            let kind = generator.chance(percent: 50) ? VoteWish.Kind.promoted : .demoted
            return .wish(VoteWish(node: node, kind: kind))
        }
    }

    private mutating func path() -> ByteString {
        ByteString("/d\(Int.random(in: 0..<5, using: &generator))")
            + (generator.chance(percent: 50) ? "/x" : "")
    }

    private mutating func mount() -> Mount {
        let number = Int.random(in: 0..<4, using: &generator)
        return Mount(
            origin: "s3://bucket\(number)/p",
            options: generator.chance(percent: 30) ? [option("region", "r\(number)")] : [],
            credential: generator.chance(percent: 15) ? "c\(number)" : nil,
            regions: generator.chance(percent: 30) ? [region("eu", origin: "file:///d")] : [],
            replicas: UInt8(number + 1)
        )
    }

    private mutating func credential() -> String {
        "c\(Int.random(in: 0..<6, using: &generator))"
    }

    private mutating func sealed() -> SealedCredential {
        let byte = UInt8.random(in: 0...255, using: &generator)
        return SealedCredential(
            keyID: CredentialKeyID(UInt64(byte % 3)),
            fields: ["accessKeyId", "secretAccessKey"],
            bytes: [UInt8](repeating: byte, count: 1 + Int(byte))
        )
    }

    private mutating func condition(_ revision: Revision) -> Precondition {
        switch Int.random(in: 0..<4, using: &generator) {
        case 0: .absent(plain: false)
        case 1:
            .revision(
                Revision(
                    revision.rawValue
                        - min(
                            revision.rawValue,
                            UInt64.random(in: 0..<6, using: &generator)
                        )
                )
            )
        default: .any
        }
    }
}

struct CatalogModelTests {
    /// Goal: outcomes, revisions, mounts, workers and epochs are those of the naive model; a replica
    /// restored from a snapshot at a random place, and one fed through the codec, stay equal.
    @Test(arguments: UInt64(1)...40)
    func theCatalogEqualsTheNaiveModel(seed: UInt64) throws {
        var source = CommandSource(generator: SplitMix64(seed: seed))
        var catalog = formedCatalog()
        var follower = catalog
        var model = NaiveCatalog()
        var kinds: Set<String> = []

        for step in 0..<600 {
            let command = source.next(revision: catalog.revision)
            let before = catalog.revision
            let application = catalog.apply(command)
            let kind = model.apply(command)
            kinds.insert(kind)
            // The first difference ends a seed: all that follows would be its echo.
            try #require(application.kind == kind, "seed \(seed) step \(step): \(command)")
            try #require(
                catalog.revision.rawValue == model.revision,
                "seed \(seed) step \(step): \(command)"
            )
            #expect(
                application.changes.isEmpty == (catalog.revision == before),
                "seed \(seed) step \(step): changes and revision go together"
            )
            #expect(application.changes.allSatisfy { $0.revision == catalog.revision })
            #expect(application.changes.dropLast().allSatisfy { $0.hasMore })
            #expect(application.changes.last?.hasMore != true)

            let echoed = follower.apply(try CatalogCommand(decoding: command.encode()))
            #expect(try CatalogOutcome(decoding: echoed.outcome.encode()) == application.outcome)
            #expect(echoed == application)
            if source.generator.chance(percent: 2) {
                follower = try Catalog(decodingSnapshot: follower.encodeSnapshot())
            }
            #expect(follower.stateDigest == catalog.stateDigest, "seed \(seed) step \(step)")
        }
        compare(catalog, model, seed)
        #expect(kinds.count >= 8, "seed \(seed) met only \(kinds)")
    }

    private func compare(_ catalog: Catalog, _ model: NaiveCatalog, _ seed: UInt64) {
        #expect(catalog.mounts().map(\.path) == model.mounts.keys.sorted(), "seed \(seed)")
        for entry in catalog.mounts() {
            let expected = NaiveCatalog.NaiveMount(
                mount: entry.mount,
                createRevision: entry.createRevision.rawValue,
                modRevision: entry.modRevision.rawValue
            )
            #expect(model.mounts[entry.path] == expected, "seed \(seed)")
        }
        expectCredentials(of: catalog, model, seed)
        #expect(Set(catalog.workers.map(\.name)) == Set(model.states.keys), "seed \(seed)")
        for worker in catalog.workers {
            #expect(worker.state == model.states[worker.name], "seed \(seed)")
            #expect(worker.id.rawValue == model.ids[worker.name], "seed \(seed)")
        }
        #expect(catalog.cluster?.survival == model.survival, "seed \(seed)")
        #expect(catalog.cluster?.voterCount == model.voterCount, "seed \(seed)")
        let wishes = (catalog.cluster?.wishes ?? []).compactMap { wish in
            catalog.worker(id: wish.node).map { ($0.name, wish.kind) }
        }
        #expect(Dictionary(uniqueKeysWithValues: wishes) == model.wishes, "seed \(seed)")
        #expect(Set(catalog.rings.map(\.region)) == Set(model.rings.keys), "seed \(seed)")
        for ring in catalog.rings {
            let expected = model.rings[ring.region]
            #expect(ring.epoch.rawValue == expected?.epoch, "seed \(seed)")
            #expect(ring.members.map(\.id.rawValue) == expected?.members.sorted(), "seed \(seed)")
            #expect(ring.previous.map { $0.members.count } == expected?.previous, "seed \(seed)")
            #expect(ring.heldFor.map(\.rawValue) == expected?.held.sorted(), "seed \(seed)")
        }
        #expect(Set(catalog.workers.filter(\.isSilent).map(\.name)) == model.silent, "seed \(seed)")
        #expect(catalog.cluster?.handoff == model.handoff, "seed \(seed)")
        for (name, job) in model.drains {
            let id = catalog.worker(named: name)?.id ?? NodeID(0)
            #expect(catalog.drainJob(of: id)?.state == job.state, "seed \(seed): \(name)")
        }
        expectMovements(of: catalog, model, seed)
    }

    private func expectMovements(of catalog: Catalog, _ model: NaiveCatalog, _ seed: UInt64) {
        let running = catalog.allJobs.filter { $0.kind == .rebalance && !$0.state.isFinal }
        #expect(Set(running.map(\.region)) == Set(model.moving.keys), "seed \(seed)")
        for job in running {
            let expected = model.moving[job.region]
            #expect(job.total.pages == expected?.total, "seed \(seed)")
            #expect(job.done.pages == expected?.done, "seed \(seed)")
        }
    }
}
