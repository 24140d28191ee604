// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
import LogStorage
package import Primitives
import RaftCore
package import SystemPackage

/// Makes one surviving voter the only voter of a new cluster, while it does not run.
///
/// For when a quorum is lost for good: what only the lost voters had is lost, too. The new cluster has an
/// id of its own, so nothing that the old voters say can ever reach it.
package struct ForcedRecovery: Sendable {
    package let survivor: SurvivingStore
    package let cluster: ClusterEntry
    package let revision: Revision

    /// Recovers from a voter's data directory, durably.
    ///
    /// Cut off by a crash it has done nothing, or the next start finishes it.
    /// - Parameters:
    ///   - path: The data directory; no process may use it.
    ///   - id: The new cluster's.
    ///   - seconds: Since 1970, for the name that the old log is kept under.
    /// - Throws: ``RecoveryError``.
    package init(
        at path: FilePath,
        as id: ClusterID,
        atSeconds seconds: UInt64
    ) throws(RecoveryError) {
        guard let identity = DataDirectory.recordedIdentity(at: path) else {
            throw .noStore(path.string)
        }
        let directory: DataDirectory
        do throws(DataDirectoryError) {
            directory = try DataDirectory(at: path, name: identity.name) { identity.store }
        } catch {
            throw .directory(error)
        }
        let survivor = try SurvivingStore(at: path)
        guard survivor.isCandidate else { throw .noVoter(path.string) }
        let next = try Self.next(survivor, id)
        guard let beginning = Beginning(next, behind: survivor.last.index, term: survivor.term)
        else { throw .noCatalog(path.string) }
        try Self.put(beginning, in: directory, seconds)
        self.survivor = survivor
        cluster = beginning.cluster
        revision = next.revision
    }

    private static func next(
        _ survivor: SurvivingStore,
        _ id: ClusterID
    ) throws(RecoveryError) -> Catalog {
        let members = survivor.members
        let voters =
            (members?.incoming ?? []) + (members?.outgoing ?? [])
            + (members?.learners ?? [])
        do throws(CatalogRefusal) {
            return try survivor.catalog.beginningAnew(
                as: id,
                founder: .survivor(survivor.store),
                retiring: voters.map(\.node)
            )
        } catch {
            throw .unfit(survivor.path.string, error)
        }
    }

    private static func put(
        _ beginning: Beginning,
        in directory: DataDirectory,
        _ seconds: UInt64
    ) throws(RecoveryError) {
        let path = directory.path.string
        let place: FilePath
        do throws(DataDirectoryError) {
            place = try directory.prepareSuccession()
        } catch {
            throw .directory(error)
        }
        do throws(LogStorageError) {
            try beginning.write(to: place, LogStorage.Options())
        } catch {
            throw .log(path, error)
        }
        // What had arrived of the old leader's snapshot belongs to the old log.
        try? ArrivingSnapshotFile(directory.path).remove()
        do throws(DataDirectoryError) {
            try directory.succeed(as: beginning.membership, atSeconds: seconds)
        } catch {
            throw .directory(error)
        }
    }
}
