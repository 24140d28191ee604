// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import LogStorage
package import Primitives
import RaftCore
import Synchronization
import SystemIO
package import SystemPackage

/// A worker's data directory: who it is, its log if it votes, its checkpoint of the catalog.
///
/// ```
///   identity       store, name; cluster and node once admitted
///   lock           held while a process uses the directory
///   log/           a voter's log (log.forming/ until identity says so)
///   catalog        checkpoint of the replica
///   init           the formation that this worker has begun and not finished
/// ```
///
/// Invariants:
/// 1. Identity says "voter" only after the log with its first entries is durable.
/// 2. A voter without its log is refused: its promises are gone (`DESIGN.md` §3, Identity).
package final class MembershipStore: Sendable {
    private let directory: FilePath
    private let lock: File
    private let identity: Mutex<IdentityFile.Content>
    private let checkpointed = Mutex(LogIndex.zero)

    /// Opens a data directory, or makes it if it is missing or empty.
    ///
    /// - Parameter random: Draws the store's name when the directory is new.
    package init(
        directory: FilePath,
        name: String,
        random: inout some RandomNumberGenerator
    ) throws(MembershipStoreError) {
        self.directory = directory
        lock = try DataDirectory.lock(directory)
        let content: IdentityFile.Content
        if let found = try IdentityFile(directory).load() {
            guard found.name == name else {
                throw .otherName(directory, found: found.name, configured: name)
            }
            content = found
        } else {
            try DataDirectory.requireUnused(directory)
            content = IdentityFile.Content(
                store: StoreID(UniqueID(using: &random)),
                name: name,
                member: nil
            )
            try IdentityFile(directory).save(content)
        }
        identity = Mutex(content)
        try settleFormation(content)
    }

    package var store: StoreID { identity.withLock { $0.store } }

    package var cluster: ClusterID? { identity.withLock { $0.member?.cluster } }

    var initialState: Membership.State {
        guard let member = identity.withLock({ $0.member }) else { return .fresh }
        return member.isVoter
            ? .voter(member.cluster, member.node) : .observer(member.cluster, member.node)
    }

    // MARK: - Becoming a member

    func becomeObserver(_ cluster: ClusterID, _ node: NodeID) throws(MembershipStoreError) {
        try save(IdentityFile.Content.Member(cluster: cluster, node: node, isVoter: false))
    }

    /// Makes the log that every first voter begins with, then says so in the identity.
    func becomeVoter(_ formation: Formation, _ node: NodeID) throws(MembershipStoreError) {
        let forming = directory.appending("log.forming")
        try DataDirectory.removeTree(forming)
        let logIdentity = LogIdentity(cluster: formation.cluster.id, store: store, node: node)
        do throws(Errno) {
            try Directory.create(forming)
        } catch {
            throw .io(error, operation: "making", forming)
        }
        do throws(LogStorageError) {
            try LogStorage.create(at: forming, identity: logIdentity)
            let (storage, _) = try LogStorage.open(at: forming, identity: logIdentity)
            try storage.write([formation.firstWrite])
        } catch {
            throw .log(error)
        }
        let member = IdentityFile.Content.Member(
            cluster: formation.cluster.id,
            node: node,
            isVoter: true
        )
        try save(member)  // Invariant 1.
        try settleFormation(identity.withLock { $0 })
    }

    private func save(_ member: IdentityFile.Content.Member) throws(MembershipStoreError) {
        var content = identity.withLock { $0 }
        content.member = member
        try IdentityFile(directory).save(content)
        let saved = content
        identity.withLock { $0 = saved }
    }

    /// A voter's log in its place, or no trace of one that was being made.
    private func settleFormation(_ content: IdentityFile.Content) throws(MembershipStoreError) {
        let forming = directory.appending("log.forming")
        let log = directory.appending("log")
        if content.member?.isVoter == true {
            if !DataDirectory.exists(log), DataDirectory.exists(forming) {
                do throws(Errno) {
                    try Directory.rename(forming, to: log)
                    try Directory.sync(directory)
                } catch {
                    throw .io(error, operation: "renaming", forming)
                }
            }
            guard DataDirectory.exists(log) else {  // Invariant 2.
                throw .halfErased(directory, missing: "identity says voter, but there is no log")
            }
        } else {
            if DataDirectory.exists(log) {
                throw .halfErased(directory, missing: "there is a log, but identity knows none")
            }
            try DataDirectory.removeTree(forming)
        }
    }

    // MARK: - The log

    /// Opens a voter's log; the caller owns it.
    func openLog() throws(MembershipStoreError) -> (LogStorage, RecoveredLog, Voter) {
        guard let member = identity.withLock({ $0.member }), member.isVoter else {
            preconditionFailure("only a voter has a log")
        }
        let logIdentity = LogIdentity(cluster: member.cluster, store: store, node: member.node)
        do throws(LogStorageError) {
            let (storage, recovered) = try LogStorage.open(
                at: directory.appending("log"),
                identity: logIdentity
            )
            return (storage, recovered, Voter(node: member.node, store: store))
        } catch {
            throw .log(error)
        }
    }

    // MARK: - Checkpoint and intent

    /// Writes the replica if it is newer than what was written last.
    func saveCheckpoint(_ catalog: Catalog, at index: LogIndex) throws(MembershipStoreError) {
        guard checkpointed.withLock({ $0 }) < index else { return }
        do throws(Errno) {
            try CheckpointFile(directory).save(catalog, at: index)
        } catch {
            throw .io(error, operation: "writing", directory.appending("catalog"))
        }
        checkpointed.withLock { $0 = index }
    }

    func loadCheckpoint() throws(MembershipStoreError) -> (catalog: Catalog, index: LogIndex)? {
        do throws(Errno) {
            guard let found = try CheckpointFile(directory).load(),
                found.catalog.cluster?.id == cluster
            else { return nil }
            checkpointed.withLock { $0 = found.index }
            return found
        } catch {
            throw .io(error, operation: "reading", directory.appending("catalog"))
        }
    }

    func saveIntent(_ formation: Formation) throws(MembershipStoreError) {
        var writer = ByteWriter()
        let body = formation.encode()
        writer.write(body)
        writer.write(CRC32C.checksum(body))
        do throws(Errno) {
            try ReplacedFile(directory.appending("init")).write(writer.bytes)
        } catch {
            throw .io(error, operation: "writing", directory.appending("init"))
        }
    }

    func loadIntent() throws(MembershipStoreError) -> Formation? {
        let path = directory.appending("init")
        let bytes: [UInt8]?
        do throws(Errno) {
            bytes = try ReplacedFile(path).read(upTo: 1 << 20)
        } catch {
            throw .io(error, operation: "reading", path)
        }
        guard let bytes else { return nil }
        var reader = ByteReader(bytes)
        guard let body = try? reader.run(), let checksum = try? reader.integer(UInt32.self),
            checksum == CRC32C.checksum(body), let formation = try? Formation(decoding: body)
        else { throw .damaged(path) }
        return formation
    }

    func clearIntent() throws(MembershipStoreError) {
        do throws(Errno) {
            try ReplacedFile(directory.appending("init")).remove()
        } catch {
            throw .io(error, operation: "removing", directory.appending("init"))
        }
    }
}
