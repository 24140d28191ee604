// SPDX-License-Identifier: Apache-2.0
import CatalogCore
package import LogStorage
package import Primitives

/// What a voter does that finds its log rotten when it starts.
extension MembershipStore {
    /// What the data directory lets this worker start as; never `member` with a log that cannot be used.
    ///
    /// Reads the whole log. One that is beyond repair is set aside and its store given up for a new one:
    /// the other voters have what it held, and it must not vote with less. The only voter of a cluster
    /// is left as it is, because nobody else has what is missing; so is one whose catalog cannot say how
    /// many voters there are.
    ///
    /// Call it before anything uses ``store``, which it may change.
    /// - Parameters:
    ///   - seconds: Since 1970, for the name of the quarantine.
    ///   - makeStore: Draws the new store's id.
    /// - Returns: What this worker starts as, and the store that was given up just now.
    /// - Throws: `onlyVoter`; `directory` where the new identity cannot be written.
    package func takeStock(
        atSeconds seconds: UInt64,
        makeStore: () -> StoreID
    ) throws(MembershipStoreError) -> (opening: DataDirectory.Opening, lostNow: LostStore?) {
        guard case .refused(let refusal)? = try logFinding(),
            RecoveryRule.rule(for: refusal.finding).isRot
        else { return (directory.opening, nil) }
        guard let voters = try loadCheckpoint()?.catalog.cluster?.voters, voters.count > 1 else {
            throw .onlyVoter(refusal)
        }
        let lost = try giveUp(refusal.finding, atSeconds: seconds, makeStore: makeStore)
        return (directory.opening, lost)
    }

    /// Gives this voter's store up for a new one, because its log was found rotten while it was in use.
    ///
    /// Call it once nothing uses the log any more.
    /// - Parameters: As for ``takeStock(atSeconds:makeStore:)``.
    /// - Returns: The store that was given up.
    /// - Throws: `directory`.
    package func giveUp(
        _ finding: RecoveryFinding,
        atSeconds seconds: UInt64,
        makeStore: () -> StoreID
    ) throws(MembershipStoreError) -> LostStore? {
        // The vote may have been taken away while this worker came to its end.
        guard directory.identity.membership?.role == .voter else { return nil }
        do throws(DataDirectoryError) {
            return try directory.replaceStore(
                finding,
                atSeconds: seconds,
                makeStore: makeStore
            ).lost
        } catch {
            throw .directory(error)
        }
    }

    /// What the log in use was found to have lost, if it was.
    var condemnation: Condemnation? { directory.condemnation }

    /// Makes what was found durable: from here on no start uses this log.
    func condemn(_ refusal: RecoveryRefusal) throws(MembershipStoreError) {
        do throws(DataDirectoryError) {
            try directory.condemn(refusal)
        } catch {
            throw .directory(error)
        }
    }

    /// Withdraws what was found, for the log has dropped the file it was found in.
    func withdrawCondemnation() throws(MembershipStoreError) {
        do throws(DataDirectoryError) {
            try directory.withdrawCondemnation()
        } catch {
            throw .directory(error)
        }
    }

    /// A scrub of the log that `tail` belongs to.
    func scrub(of tail: LogTail) -> LogScrub {
        guard let member = directory.identity.membership else {
            preconditionFailure("only a member has a log")
        }
        return LogScrub(
            in: FileLogDirectory(logPath),
            identity: LogIdentity(cluster: member.cluster, store: store, node: member.node),
            tail: tail
        )
    }

    /// Why the log cannot be opened; `nil` if it can, or if this store has none.
    private func logFinding() throws(MembershipStoreError) -> LogStorageError? {
        guard let member = directory.identity.membership, member.role == .voter else { return nil }
        if let found = directory.condemnation { return .refused(found.refusal) }
        do throws(LogStorageError) {
            _ = try LogStorage.examine(
                at: directory.logPath,
                identity: LogIdentity(cluster: member.cluster, store: store, node: member.node),
                options: logOptions
            )
            return nil
        } catch {
            return error
        }
    }
}
