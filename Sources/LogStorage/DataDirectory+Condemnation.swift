// SPDX-License-Identifier: Apache-2.0
package import Primitives
import Synchronization
import SystemIO
package import SystemPackage

/// The note in a data directory that its log must never be used again.
///
///     scrub finds rot ──condemn──▶ `condemned` ──▶ every start refuses the log
///         its store is given up ──▶ removed      its file is dropped behind a snapshot ──▶ withdrawn
extension DataDirectory {
    package static let condemnationName = "condemned"

    /// What this store's log was found to have lost; `nil` if nothing was found.
    package var condemnation: Condemnation? { condemned.withLock { $0 } }

    /// Writes down what the log has lost; durable when it returns.
    ///
    /// The first finding stays. On a full disk with the space that is kept back for the log.
    /// - Throws: ``DataDirectoryError/io(path:_:)``; what was found still has to be written down.
    package func condemn(_ refusal: RecoveryRefusal) throws(DataDirectoryError) {
        let found = Condemnation(
            store: identity.store,
            finding: refusal.finding,
            file: refusal.file,
            detail: refusal.detail
        )
        try condemned.withLock { known throws(DataDirectoryError) in
            guard known == nil else { return }
            do throws(IOFailure) {
                try found.write(in: FileLogDirectory(path)) { DiskReserve.release(in: logPath) }
            } catch {
                throw .io(path: path.string, error)
            }
            known = found
        }
    }

    /// Withdraws what was written down: for the log no longer holds the file that it was found in.
    ///
    /// - Throws: ``DataDirectoryError/io(path:_:)``; it counts then as before.
    package func withdrawCondemnation() throws(DataDirectoryError) {
        try condemned.withLock { known throws(DataDirectoryError) in
            guard known != nil else { return }
            try removeCondemnation()
            known = nil
        }
    }

    /// Takes up what was written down about this store, and removes what is about another.
    func readCondemnation() throws(DataDirectoryError) {
        guard let found = Self.condemnation(at: path, of: identity.store) else { return }
        // Only who has voted has a log that counts.
        let hasLog = [.voter, .formerVoter].contains(identity.membership?.role)
        guard hasLog, found.store == identity.store else { return try removeCondemnation() }
        condemned.withLock { $0 = found }
    }

    /// What stands in a directory, read without its lock; `store` counts where it cannot be read.
    static func condemnation(at path: FilePath, of store: StoreID) -> Condemnation? {
        do {
            let block = try File(path.appending(condemnationName), .read)
                .read(at: 0, count: Sector.byteCount + 1)
            return try Condemnation(decoding: block)
        } catch Errno.noSuchFileOrDirectory {
            return nil
        } catch {
            return Condemnation(unreadable: "\(error)", store: store)
        }
    }

    private func removeCondemnation() throws(DataDirectoryError) {
        do throws(IOFailure) {
            try FileLogDirectory(path).discard(Self.condemnationName)
        } catch {
            throw .io(path: path.string, error)
        }
    }
}

extension DataDirectory {
    /// What a directory says its store's log has lost, read without the lock; `nil` if nothing.
    package static func condemnation(
        at path: FilePath,
        ofStore store: StoreID
    ) -> RecoveryRefusal? {
        let found = condemnation(at: path, of: store)
        return found?.store == store ? found?.refusal : nil
    }
}
