// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
import LogStorage
import Logging
package import Primitives
import SystemIO
import SystemPackage

/// Copies of the catalog: one for whoever asks, and some kept in the data directory.
extension CoordinationNode {
    package func backup(
        within limit: Timespan
    ) async throws(CoordinationError) -> CatalogBackup {
        guard isFormed else { throw .notInitialised }
        // Without a quorum what is here is all there is; its age is told beside it.
        try? await readBarrier(within: limit)
        guard let backup = soundBackup() else {
            throw .unsafe("this worker's catalog is being rebuilt; ask another one")
        }
        return backup
    }

    private func soundBackup() -> CatalogBackup? {
        guard let (catalog, applied) = replica.sound else { return nil }
        return CatalogBackup(
            catalog,
            at: applied,
            by: registration.name,
            unixMS: SystemClock.wall / 1_000_000
        )
    }

    /// Copies the catalog every ten minutes where it has changed, and keeps the newest copies.
    ///
    /// Never on a disk that fills: what is free is the log's. A copy that fails is tried again, and no
    /// reason to do anything else otherwise.
    func keepBackups() async {
        guard await untilMember() else { return }
        let copies = LocalBackups(in: store.directory.path)
        var due = copies.dueMS(
            everyMS: settings.limits.backupIntervalMS,
            wallMS: SystemClock.wall / 1_000_000,
            now: settings.now()
        )
        while !Task.isCancelled {
            if settings.now() >= due, copyCatalog(into: copies) {
                due = settings.now() + settings.limits.backupIntervalMS
            }
            let pause = min(5_000, max(20, settings.limits.backupIntervalMS / 10))
            try? await Task.sleep(for: .milliseconds(Int64(pause)))
        }
    }

    /// - Returns: Whether a copy was made.
    private func copyCatalog(into copies: LocalBackups) -> Bool {
        guard let (catalog, _) = replica.sound, let cluster = catalog.cluster,
            cluster.id == membership.cluster, !copies.hold(cluster, catalog.revision),
            copies.hasRoom, let backup = soundBackup()
        else { return false }
        do throws(Errno) {
            try copies.add(backup)
            return true
        } catch {
            log.warning("the catalog cannot be copied", metadata: ["error": "\(error)"])
            return true  // Not before the next turn.
        }
    }
}
