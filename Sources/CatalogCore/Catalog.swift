// SPDX-License-Identifier: Apache-2.0

package import Primitives

/// What the cluster agrees on, as a plain value: identity, workers, rings, mounts, origins,
/// credentials.
///
///     log entry ─ CatalogCommand ─► apply ─► Application { outcome, changes }
///                                     │
///        reads: copies of the value ◄─┘   equal commands in equal order: equal catalogs everywhere
///
/// Copying is cheap (see ``OrderedMap``), so a reader takes a copy under a lock and looks at leisure.
///
/// Invariants:
/// 1. ``revision`` grows by exactly one with each command that changes what watchers see, and by
///    nothing with a refusal or a repetition.
/// 2. Node ids and origin ids count from 1 and are never given out twice.
/// 3. A ring's members were exactly the active workers of its region when it was published, by id; who
///    left the catalog since is on none.
/// 4. A store is either retired or has at most one worker, never both.
/// 5. ``stateDigest`` depends on what the catalog holds, not on how it got there.
package struct Catalog: Sendable {
    /// What one command did.
    package struct Application: Hashable, Sendable {
        /// Also kept for the command's idempotency key and given again for a repetition.
        package let outcome: CatalogOutcome
        /// Empty, or the changes of one revision in the order watchers see them.
        package let changes: [CatalogChange]

        init(_ outcome: CatalogOutcome, changes: [CatalogChange] = []) {
            self.outcome = outcome
            self.changes = changes
        }
    }

    /// Of the newest change; 0 before genesis.
    package internal(set) var revision: Revision = .zero
    /// How old the cluster is, as the newest command says; never goes back.
    package internal(set) var elapsedMS: UInt64 = 0
    /// `nil` before genesis.
    package internal(set) var cluster: ClusterEntry?

    var mountTable = OrderedMap<ByteString, MountEntry>()
    var workersByName = OrderedMap<ByteString, WorkerEntry>()
    var namesByID = OrderedMap<NodeID, ByteString>()
    var namesByStore = OrderedMap<StoreID, ByteString>()
    /// Stores that were taken out of the cluster, kept for ever: none of them comes back.
    var retiredStores = OrderedMap<ByteString, RetiredStore>()
    var ringsByRegion = OrderedMap<ByteString, RingEntry>()
    var credentialTable = OrderedMap<ByteString, StoredCredential>()
    /// What each worker said last about the pages it gives away.
    var handoffReports = OrderedMap<NodeID, HandoffReport>()
    var jobs = OrderedMap<ByteString, JobEntry>()
    /// The newest drain of each worker, and the movement under way in each region: ids of jobs.
    var drainJobs = OrderedMap<NodeID, ByteString>()
    var movingJobs = OrderedMap<ByteString, ByteString>()
    var origins = OriginTable()
    var bucketNames = BucketNameIndex()
    var repetitions: RepetitionTable
    var mountHistory: MountHistory
    var nextNode: UInt64 = 1
    /// Of the change that watchers of `voters` saw last.
    var clusterRevision: Revision = .zero
    /// Over everything held (invariant 5).
    var digest = DigestSum()

    /// An empty catalog at revision 0, which takes nothing but genesis.
    ///
    /// The limits say how many outcomes it remembers, of how many bytes, and how many bytes of what
    /// mounts were before: part of what replicas must agree on, so nothing but a test says otherwise than
    /// the defaults.
    package init(
        repetitionLimit: Int = CatalogLimits.repetitionCount,
        repetitionByteLimit: Int = CatalogLimits.repetitionByteCount,
        mountHistoryByteLimit: Int = CatalogLimits.mountHistoryByteCount
    ) {
        mountHistory = MountHistory(byteLimit: mountHistoryByteLimit)
        repetitions = RepetitionTable(countLimit: repetitionLimit, byteLimit: repetitionByteLimit)
    }

    /// A number equal on replicas that hold the same, different (but for one chance in 2⁶⁴) otherwise.
    ///
    /// Covers every entry, the counters and the remembered outcomes, in whatever order they came.
    /// O(1) here; each write adds the hash of the new entry and takes away that of the old. Memory that
    /// changed by itself shows once the patrol has come by (see ``DigestSum``).
    package var stateDigest: UInt64 {
        var writer = ByteWriter(reservingCapacity: 64)
        writer.write(revision.rawValue)
        writer.write(elapsedMS)
        writer.write(clusterRevision.rawValue)
        writer.write(nextNode)
        writer.write(origins.nextID)
        writer.write(repetitions.nextSequence)
        writer.write(mountHistory.horizon.rawValue)
        writer.write(mountHistory.digest)
        return digest.kept &+ XXH64.hash(writer.bytes)
    }

    /// The part of ``stateDigest`` that the entries make up; free to ask for.
    package var entriesDigest: UInt64 { digest.kept }
}
