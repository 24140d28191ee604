// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
package import LogStorage
package import Primitives
package import RaftCore
package import SystemPackage

/// What one data directory holds of a cluster that may have lost the others; nothing in it is changed.
///
/// The state is that of the last entry in the log, committed or not as far as this voter knows: what was
/// acknowledged and reached this disk is in it. An entry that nobody acknowledged may be, too; its
/// writer was told that its outcome is unknown.
package struct SurvivingStore: Sendable {
    package let path: FilePath
    package let name: String
    package let store: StoreID
    package let membership: StoreIdentity.Membership
    /// The newest term this voter has seen; 0 without a log.
    package let term: Term
    /// Of the last entry in the log, or of the catalog's copy beside it if that is further on.
    package let last: LogPosition
    /// Everybody with a log, by the newest configuration in the log.
    package let members: VoterSet?
    package let catalog: Catalog
    /// A process has it open: what was read may be old already.
    package let isInUse: Bool

    package var revision: Revision { catalog.revision }
    package var generation: UInt64 { catalog.cluster?.generation ?? 0 }
    /// Whether a cluster can be recovered from it.
    package var isCandidate: Bool { membership.role == .voter }

    /// Reads a data directory as a start would.
    ///
    /// - Throws: ``RecoveryError`` where it holds nothing that can be relied on.
    package init(at path: FilePath) throws(RecoveryError) {
        do throws(DataDirectoryError) {
            let recorded = DataDirectory.recordedIdentity(at: path)?.name
            try DataDirectory.check(at: path, name: recorded ?? "")
        } catch {
            throw .directory(error)
        }
        guard let identity = DataDirectory.recordedIdentity(at: path) else {
            throw .noStore(path.string)
        }
        guard let membership = identity.membership else { throw .noMember(path.string) }
        self.path = path
        name = identity.name
        store = identity.store
        self.membership = membership
        isInUse = DataDirectory.isInUse(path)
        let checkpoint = Self.checkpoint(path, membership.cluster)
        guard membership.role == .voter else {
            guard let checkpoint else { throw .noCatalog(path.string) }
            (term, members) = (.zero, nil)
            last = LogPosition(term: .zero, index: checkpoint.index)
            catalog = checkpoint.catalog
            return
        }
        let owner = LogIdentity(cluster: membership.cluster, store: store, node: membership.node)
        let log = try Self.log(path, owner)
        var replay = try Replay(log, path)
        term = log.hardState.term
        members = replay.members
        if let checkpoint, checkpoint.index > replay.last.index {
            replay.catalog = checkpoint.catalog
            replay.last = LogPosition(term: replay.last.term, index: checkpoint.index)
        }
        last = replay.last
        catalog = replay.catalog
        guard catalog.cluster?.id == membership.cluster else { throw .noCatalog(path.string) }
    }

    /// Whether this store's log is further than the other's, as voters compare logs (Raft §5.4.1).
    package func isBetter(than other: Self) -> Bool {
        let mine = (generation, last.term.rawValue, last.index.rawValue)
        let others = (other.generation, other.last.term.rawValue, other.last.index.rawValue)
        return mine > others
    }

    /// The one to recover from: of the highest generation the voter with the furthest log.
    package static func best(of stores: [SurvivingStore]) -> SurvivingStore? {
        stores.filter(\.isCandidate).reduce(nil) { best, store in
            guard let best else { return store }
            return store.isBetter(than: best) ? store : best
        }
    }

    private static func checkpoint(
        _ path: FilePath,
        _ cluster: ClusterID
    ) -> (catalog: Catalog, index: LogIndex)? {
        guard let found = try? CheckpointFile(path).load(), found.catalog.cluster?.id == cluster
        else { return nil }
        return found
    }

    private static func log(
        _ path: FilePath,
        _ owner: LogIdentity
    ) throws(RecoveryError) -> RecoveredLog {
        if let refusal = DataDirectory.condemnation(at: path, ofStore: owner.store) {
            throw .log(path.string, .refused(refusal))
        }
        do throws(LogStorageError) {
            return try LogStorage.read(
                at: path.appending(DataDirectory.logName),
                identity: owner
            )
        } catch {
            throw .log(path.string, error)
        }
    }
}

/// A catalog made from a log alone.
private struct Replay {
    var catalog = Catalog()
    var last = LogPosition(term: .zero, index: .zero)
    var members: VoterSet?

    init(_ log: RecoveredLog, _ path: FilePath) throws(RecoveryError) {
        do throws(ByteDecodingError) {
            if let snapshot = log.snapshot {
                catalog = try Catalog(decodingSnapshot: snapshot.state)
                last = snapshot.metadata.position
                members = snapshot.metadata.voters
            }
            for entry in log.entries where entry.index > last.index { try apply(entry) }
        } catch {
            throw .unreadable(path.string, error)
        }
    }

    private mutating func apply(_ entry: LogEntry) throws(ByteDecodingError) {
        last = entry.position
        switch entry.kind {
        case .noop: break
        case .command: _ = catalog.apply(try CatalogCommand(decoding: entry.payload))
        case .configuration:
            members = try VoterSet(decoding: entry.payload)
            if let command = CatalogMachine.command(configuration: entry.payload) {
                _ = catalog.apply(command)
            }
        }
    }
}
