// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// One change asked of the catalog: the payload of a log entry.
package struct CatalogCommand: Hashable, Sendable {
    package enum Operation: Hashable, Sendable {
        /// The first command of a cluster: identity, the voters' workers, their rings.
        case genesis(ClusterEntry, [WorkerRegistration])
        /// Admits a worker, or updates what is known about an admitted one (same name and store).
        case register(WorkerRegistration)
        /// A registered worker is ready to own pages; the next ring of its region has it.
        case activate(NodeID)
        case putMount(path: ByteString, Mount, Precondition)
        case removeMount(path: ByteString, Precondition)
        /// Who votes from now on: what a committed configuration entry of the log says.
        case members(voters: [NodeID])
        /// Admits a worker under the name of another whose store is lost, and retires that for good.
        case replace(WorkerRegistration, retiring: NodeID)
        /// Who should vote: the leader then changes the voters step by step.
        case voting(VotingChange)
        case putCredential(name: String, SealedCredential, Precondition)
        case removeCredential(name: String, Precondition, CredentialRemoval)
        /// A step in a worker's life.
        case worker(WorkerChange)
        /// What becomes of a region's ring.
        case ring(RingChange)
        /// Who gives which pages away, how fast, how far.
        case handoff(HandoffChange)
    }

    package let operation: Operation
    /// Makes a retry take effect once; see ``Idempotency``.
    package let idempotency: Idempotency?
    /// How old the cluster is, by the clock of the leader that took the command: milliseconds, 0
    /// before it is stamped.
    ///
    /// A monotonic clock's, so that nothing a person does to a wall clock makes anything expire.
    package let elapsedMS: UInt64
    /// Milliseconds since 1970 by the clock of the worker that was asked, 0 where it matters to nobody:
    /// shown to people, decides nothing.
    package let madeAtUnixMS: UInt64

    package init(
        operation: Operation,
        idempotency: Idempotency? = nil,
        elapsedMS: UInt64 = 0,
        madeAtUnixMS: UInt64 = 0
    ) {
        self.operation = operation
        self.idempotency = idempotency
        self.elapsedMS = elapsedMS
        self.madeAtUnixMS = madeAtUnixMS
    }
}

/// What must be true of the current entry for a write to happen.
package enum Precondition: Hashable, Sendable {
    /// Must not exist: `If-Match: 0`, `If-None-Match: *` and a PUT without a condition.
    ///
    /// `plain` answers `mount-exists`, otherwise `revision-mismatch`.
    case absent(plain: Bool)
    /// Must exist with this `modRevision`.
    case revision(Revision)
    /// Whatever is there, or nothing: `If-Match: *` for PUT (creates or replaces), no condition for
    /// DELETE (refused only where there is no entry).
    case any
}

/// A client's name for one write and a fingerprint of what it asked for.
package struct Idempotency: Hashable, Sendable {
    /// 1...64 printable ASCII characters.
    package let key: String
    /// XXH64 of method, path, conditions and body.
    package let fingerprint: UInt64

    package init(key: String, fingerprint: UInt64) {
        self.key = key
        self.fingerprint = fingerprint
    }
}

/// What a worker says about itself when it asks to be admitted or has changed.
package struct WorkerRegistration: Hashable, Sendable {
    package let store: StoreID
    package let name: String
    package let region: String
    package let zone: String
    package let addresses: WorkerAddresses
    package let capacity: UInt64
    package let version: String
    package let startedAtUnixMS: UInt64

    package init(
        store: StoreID,
        name: String,
        region: String,
        zone: String,
        addresses: WorkerAddresses,
        capacity: UInt64,
        version: String,
        startedAtUnixMS: UInt64
    ) {
        self.store = store
        self.name = name
        self.region = region
        self.zone = zone
        self.addresses = addresses
        self.capacity = capacity
        self.version = version
        self.startedAtUnixMS = startedAtUnixMS
    }
}

/// What became of a command.
///
/// Also kept for its idempotency key and returned again.
package enum CatalogOutcome: Hashable, Sendable {
    case clusterFormed
    case worker(WorkerEntry)
    /// The entry as stored; `created` where there was none before.
    case mount(MountEntry, created: Bool)
    /// The last entry.
    case mountRemoved(MountEntry)
    /// The entry as stored; `created` where there was none before.
    case credential(CredentialEntry, created: Bool)
    /// The last entry.
    case credentialRemoved(CredentialEntry)
    /// The ring as it is now, changed or not.
    case ring(RingEntry)
    case job(JobEntry)
    case refused(CatalogRefusal)
}

/// Why the catalog did not change.
package enum CatalogRefusal: Error, Hashable, Sendable {
    case mountExists(MountEntry)
    /// `current` is 0 when there is no entry.
    case revisionMismatch(current: Revision)
    case noSuchMount
    case noSuchWorker
    case badPath(String)
    case badValue(String)
    case unknownScheme(String)
    case unknownOption(String)
    case bucketNameTaken(by: ByteString)
    case idempotencyKeyReused
    /// The name belongs to another store; only its retirement frees it.
    case nameTaken(by: StoreID, node: NodeID)
    case alreadyFormed(ClusterID)
    /// A bound of the whole catalog: at most 100,000 mounts, 20,000 workers.
    case full(String)
    /// The store was taken out of the cluster for good, with this node id.
    case storeRetired(NodeID)
    case noSuchCredential
    /// Mounts sign with it: so many, the first of them by path.
    case credentialInUse(by: [ByteString], count: UInt64)
    /// Would lose something, or rests on what is not true any more.
    case unsafe(String)
}

/// What one command did to one key, as a watcher sees it.
package struct CatalogChange: Hashable, Sendable {
    package let revision: Revision
    /// `credentials/<name>`, `jobs/<id>`, `mounts/<path>`, `workers/<name>`, `rings/<region>`, `voters`.
    package let key: ByteString
    /// `nil`: the key is gone.
    package let value: CatalogValue?
    /// More lines of the same revision follow.
    package let hasMore: Bool

    package init(revision: Revision, key: ByteString, value: CatalogValue?, hasMore: Bool) {
        self.revision = revision
        self.key = key
        self.value = value
        self.hasMore = hasMore
    }
}

package enum CatalogValue: Hashable, Sendable {
    case cluster(ClusterEntry)
    case mount(MountEntry)
    case worker(WorkerEntry)
    case ring(RingEntry)
    /// Without its value.
    case credential(CredentialEntry)
    case job(JobEntry)
}
