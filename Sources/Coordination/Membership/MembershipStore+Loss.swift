// SPDX-License-Identifier: Apache-2.0
import CatalogCore
package import LogStorage
package import Primitives
import RaftCore
import Synchronization
import SystemPackage

/// A voter's log that must not be used, and who might have what it lost.
package struct RejectedLog: Sendable, Equatable {
    package let refusal: RecoveryRefusal
    /// Who votes, by the newest of what this worker's files say; this one among them.
    package let voters: [NodeID]
    /// Up to where this worker had applied what was committed, as far as it knows.
    package let applied: LogIndex
}

/// What a voter does whose log is rotten.
///
/// ```
///   start ──takeStock──▶ whole ─────────────────────────────────▶ votes
///                   └──▶ rejected: follows, does not vote ──(the others can spare it)──┐
///   in use ──scrub──▶ condemned: votes from memory ─────────(the others can spare it)──┴▶ giveUp
/// ```
extension MembershipStore {
    /// Looks whether this voter's log can be used; a rejected one is left alone, and never voted with.
    ///
    /// Reads the whole log. The store is given up only when the others can spare it, which only a running
    /// worker can ask. The only voter of a cluster does not start, because nobody else has what is missing;
    /// neither does one whose files cannot say who votes. What was found is written down, so that a later
    /// start does not find something else.
    ///
    /// Call it before anything uses this store.
    /// - Returns: Why the log must not be used; `nil` if it may, or there is none.
    /// - Throws: `onlyVoter`.
    @discardableResult
    package func takeStock() throws(MembershipStoreError) -> RejectedLog? {
        guard case .refused(let refusal)? = logFinding(),
            RecoveryRule.rule(for: refusal.finding).isRot
        else { return nil }
        let checkpoint = try? loadCheckpoint()  // One that cannot be read says nothing.
        let voters = recordedVoters(checkpoint)
        guard voters.contains(where: { $0 != directory.identity.membership?.node }) else {
            throw .onlyVoter(refusal)
        }
        // Where there is no room for the note the next start finds what this one did.
        try? directory.condemn(refusal)
        let found = RejectedLog(
            refusal: refusal,
            voters: voters,
            applied: checkpoint?.index ?? .zero
        )
        rejected.withLock { $0 = found }
        return found
    }

    /// Why the log here is not used; set by ``takeStock()``.
    package var rejectedLog: RejectedLog? { rejected.withLock { $0 } }

    /// Gives this voter's store up for a new one, because its log is rotten.
    ///
    /// Call it once nothing uses the log any more, and the others have said that they can spare it.
    /// - Parameters:
    ///   - finding: What the log has lost.
    ///   - seconds: Since 1970, for the name of the quarantine.
    ///   - makeStore: Draws the new store's id.
    /// - Returns: The store that was given up.
    /// - Throws: `directory`.
    @discardableResult
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

    // MARK: - In use

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
        guard let identity = logIdentity else { preconditionFailure("only a member has a log") }
        return LogScrub(in: FileLogDirectory(logPath), identity: identity, tail: tail)
    }

    // MARK: - Looking

    private var logIdentity: LogIdentity? {
        directory.identity.membership.map { member in
            LogIdentity(cluster: member.cluster, store: store, node: member.node)
        }
    }

    /// Why the log cannot be opened; `nil` if it can, or if this store has none.
    private func logFinding() -> LogStorageError? {
        guard let identity = logIdentity, directory.identity.membership?.role == .voter else {
            return nil
        }
        if let found = directory.condemnation { return .refused(found.refusal) }
        do throws(LogStorageError) {
            _ = try LogStorage.examine(at: logPath, identity: identity, options: logOptions)
            return nil
        } catch {
            return error
        }
    }

    /// Who votes, by the checkpoint or the log's files, whichever knows of later entries.
    private func recordedVoters(_ checkpoint: (catalog: Catalog, index: LogIndex)?) -> [NodeID] {
        let recorded = logIdentity.flatMap { LogStorage.recordedVoters(at: logPath, identity: $0) }
        let byCatalog = checkpoint?.catalog.cluster?.voters
        guard let recorded, recorded.index > checkpoint?.index ?? .zero || byCatalog == nil else {
            return byCatalog ?? []
        }
        return recorded.voters.deciders.map(\.node)
    }
}
