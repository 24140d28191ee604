// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
package import LogStorage
package import Primitives
import RaftCore
import Synchronization
import SystemIO
import SystemPackage

/// What coordination keeps on a worker's disk: identity, a voter's log, the catalog's checkpoint.
///
/// Invariants:
/// 1. Identity says "voter" only after the log with its first entries is durable.
/// 2. A log beside an identity without membership, or of an observer, was never acted on: it is from
///    a formation or an enlistment that was cut off, and made anew.
package final class MembershipStore: Sendable {
    let directory: DataDirectory
    private let checkpoint: CheckpointFile
    /// The index of the checkpoint on disk; held while one is written or removed, so that two never
    /// mix.
    private let checkpointed = Mutex(LogIndex.zero)
    let logOptions: LogStorage.Options
    /// What ``takeStock()`` found.
    let rejected = Mutex<RejectedLog?>(nil)

    package init(directory: DataDirectory, limits: CoordinationLimits = CoordinationLimits()) {
        self.directory = directory
        var options = LogStorage.Options()
        options.segmentByteCount = limits.logSegmentBytes
        logOptions = options
        checkpoint = CheckpointFile(directory.path)
    }

    package var store: StoreID { directory.identity.store }

    /// What the data directory lets this worker start as.
    package var opening: DataDirectory.Opening { directory.opening }

    package var cluster: ClusterID? { directory.identity.membership?.cluster }

    /// Whether the cluster counts on this store, even where its log cannot be used.
    var hasVote: Bool { directory.identity.membership?.role == .voter }

    var initialState: Membership.State {
        guard let member = directory.identity.membership else {
            // Whose name is a lost voter's gets no vote by an init.
            return directory.identity.lost == nil ? .fresh : .replacing
        }
        // A voter whose log cannot be used follows, and votes for nobody.
        return member.role == .voter && rejectedLog == nil
            ? .voter(member.cluster, member.node) : .observer(member.cluster, member.node)
    }

    // MARK: - Becoming a member

    func becomeObserver(_ cluster: ClusterID, _ node: NodeID) throws(MembershipStoreError) {
        try update { identity in
            identity.membership = .init(cluster: cluster, node: node, role: .observer)
        }
    }

    /// Makes the log that every first voter begins with, then says so in the identity.
    func becomeVoter(_ formation: Formation, _ node: NodeID) throws(MembershipStoreError) {
        if directory.identity.membership?.cluster == formation.cluster.id { return }  // Again.
        if let member = directory.identity.membership {
            throw .intent("this worker belongs to cluster \(member.cluster) already")
        }
        let identity = LogIdentity(cluster: formation.cluster.id, store: store, node: node)
        do throws(DataDirectoryError) {
            try directory.makeLogDirectory()
        } catch {
            throw .directory(error)
        }
        try emptyLogDirectory()  // Invariant 2.
        do throws(LogStorageError) {
            try LogStorage.create(
                at: directory.logPath,
                identity: identity,
                options: logOptions
            )
            let (storage, _) = try LogStorage.open(
                at: directory.logPath,
                identity: identity,
                options: logOptions
            )
            try storage.write([formation.firstWrite])
        } catch {
            throw .log(error)
        }
        try update { stored in  // Invariant 1.
            stored.membership = .init(cluster: formation.cluster.id, node: node, role: .voter)
        }
    }

    /// Makes the log of the only voter of a cluster that goes on from another, then says so in the
    /// identity.
    func found(_ beginning: Beginning) throws(MembershipStoreError) {
        if let member = directory.identity.membership {
            throw .intent("this worker belongs to cluster \(member.cluster) already")
        }
        do throws(DataDirectoryError) {
            try directory.makeLogDirectory()
        } catch {
            throw .directory(error)
        }
        try emptyLogDirectory()  // Invariant 2.
        do throws(LogStorageError) {
            try beginning.write(to: directory.logPath, logOptions)
        } catch {
            throw .log(error)
        }
        try update { $0.membership = beginning.membership }  // Invariant 1.
    }

    /// Goes over, without a vote, to the cluster that goes on from this store's own.
    ///
    /// A log that was kept for what it promised is of the old cluster: the new one never asks for it.
    func follow(_ cluster: ClusterID, _ node: NodeID) throws(MembershipStoreError) {
        try update { identity in
            identity.membership = .init(cluster: cluster, node: node, role: .observer)
        }
    }

    /// Makes an empty log for a vote to come, or takes up the one this store had before.
    ///
    /// A log is made only where this store never had one: what it promised under an older one must
    /// not be forgotten.
    func enlist() throws(MembershipStoreError) {
        guard let member = directory.identity.membership else {
            preconditionFailure("only a member is enlisted")
        }
        if let rejectedLog { throw .log(.refused(rejectedLog.refusal)) }
        if member.role == .observer {
            do throws(DataDirectoryError) {
                try directory.makeLogDirectory()
            } catch {
                throw .directory(error)
            }
            try emptyLogDirectory()  // Invariant 2: of an enlistment that was cut off.
            let identity = LogIdentity(cluster: member.cluster, store: store, node: member.node)
            do throws(LogStorageError) {
                try LogStorage.create(
                    at: directory.logPath,
                    identity: identity,
                    options: logOptions
                )
            } catch {
                throw .log(error)
            }
        }
        try update { $0.membership?.role = .voter }  // Invariant 1.
    }

    /// Follows the feed from the next start on, and keeps the log with what it promised.
    func release() throws(MembershipStoreError) {
        try update { $0.membership?.role = .formerVoter }
    }

    /// Makes every later start refuse this directory.
    func retire() throws(MembershipStoreError) {
        try update { $0.membership?.role = .removed }
    }

    private func emptyLogDirectory() throws(MembershipStoreError) {
        do throws(Errno) {
            for name in try Directory.names(in: directory.logPath) {
                try Directory.unlink(directory.logPath.appending(name))
            }
        } catch {
            throw .checkpoint(directory.logPath, error)
        }
    }

    private func update(
        _ change: (inout StoreIdentity) -> Void
    ) throws(MembershipStoreError) {
        do throws(DataDirectoryError) {
            try directory.update(change)
        } catch {
            throw .directory(error)
        }
    }

    // MARK: - The log

    /// Opens a voter's log; the caller owns it.
    ///
    /// On a full disk with the space that was kept back for this.
    func openLog() throws(MembershipStoreError) -> (LogStorage, RecoveredLog, Voter) {
        do throws(MembershipStoreError) {
            return try openLogOnce()
        } catch {
            guard case .log(.full) = error, DiskReserve.release(in: logPath) else { throw error }
            return try openLogOnce()
        }
    }

    var logPath: FilePath { directory.logPath }

    /// Where what arrives of a leader's snapshot is kept.
    var arrivals: ArrivingSnapshotFile { ArrivingSnapshotFile(directory.path) }

    /// What a start finds of it; one that cannot be read comes again whole.
    func arrivedSnapshot(upTo limit: UInt64) -> (metadata: SnapshotMetadata, state: [UInt8])? {
        (try? arrivals.load(upTo: limit)) ?? nil
    }

    private func openLogOnce() throws(MembershipStoreError) -> (LogStorage, RecoveredLog, Voter) {
        guard let member = directory.identity.membership, member.role == .voter else {
            preconditionFailure("only a voter has a log")
        }
        if let found = directory.condemnation { throw .log(.refused(found.refusal)) }
        let identity = LogIdentity(cluster: member.cluster, store: store, node: member.node)
        do throws(LogStorageError) {
            let (storage, recovered) = try LogStorage.open(
                at: directory.logPath,
                identity: identity,
                options: logOptions
            )
            return (storage, recovered, Voter(node: member.node, store: store))
        } catch {
            throw .log(error)
        }
    }

    // MARK: - Checkpoint

    /// Writes the replica if it is newer than what was written last.
    ///
    /// `replica` is asked when its turn has come, and gives `nil` where there is nothing that may be
    /// written: so what was found wrong is never written behind ``removeCheckpoint()``.
    package func saveCheckpoint(
        _ replica: () -> (catalog: Catalog, applied: LogIndex)?
    ) throws(MembershipStoreError) {
        try checkpointed.withLock { saved throws(MembershipStoreError) in
            guard let (catalog, index) = replica(), saved < index else { return }
            do throws(Errno) {
                try checkpoint.save(catalog, at: index)
            } catch {
                throw .checkpoint(directory.path.appending(CheckpointFile.name), error)
            }
            saved = index
        }
    }

    /// Removes the checkpoint, and what is being written, so that a restart makes the state from the
    /// log's snapshot and entries alone; waits for the disk.
    package func removeCheckpoint() throws(MembershipStoreError) {
        try checkpointed.withLock { saved throws(MembershipStoreError) in
            saved = .zero
            do throws(Errno) {
                try checkpoint.remove()
            } catch {
                throw .checkpoint(directory.path.appending(CheckpointFile.name), error)
            }
        }
    }

    func loadCheckpoint() throws(MembershipStoreError) -> (catalog: Catalog, index: LogIndex)? {
        do throws(Errno) {
            guard let found = try checkpoint.load(), found.catalog.cluster?.id == cluster else {
                return nil
            }
            checkpointed.withLock { $0 = found.index }
            return found
        } catch {
            throw .checkpoint(directory.path.appending(CheckpointFile.name), error)
        }
    }

    // MARK: - Intent of an init

    func saveIntent(_ formation: Formation) throws(MembershipStoreError) {
        let body = formation.encode()
        guard body.count <= StoreIdentity.InitIntent.longestBody else {
            throw .intent("it is \(body.count) bytes long")
        }
        try update { $0.intent = .init(cluster: formation.cluster.id, body: body) }
    }

    func loadIntent() throws(MembershipStoreError) -> Formation? {
        guard let intent = directory.identity.intent else { return nil }
        do throws(ByteDecodingError) {
            return try Formation(decoding: intent.body)
        } catch {
            throw .intent("\(error)")
        }
    }

    func clearIntent() throws(MembershipStoreError) {
        try update { $0.intent = nil }
    }
}
