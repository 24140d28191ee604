// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
package import Primitives
import Synchronization

/// This worker's copy of the catalog, fed in log order by its voter or by the feed.
///
/// ```
///   voter's driver ─┐                     ┌─▶ views: local reads
///                   ├─▶ apply, in order ──┼─▶ history: watches
///   feed follower ──┘                     └─▶ applied log: the feed of others
/// ```
///
/// Invariants:
/// 1. `applied` grows; an index at or before it changes nothing.
/// 2. Catalog, history and applied log change together, under one lock.
/// 3. Waiters are woken after the state they waited for can be seen.
/// 4. While a state is rebuilt, what is shown stands still: nobody sees it go back.
package final class CatalogReplica: Sendable {
    private struct State {
        var catalog = Catalog()
        var history = ChangeHistory()
        var log: AppliedLog
        var applied = LogIndex.zero
        /// What is shown differs from the majority's.
        var isDoubted = false
        /// What will take its place, once there is something.
        var rebuilt: Rebuilt?

        mutating func show(_ catalog: Catalog, at index: LogIndex, feedCount: Int) {
            self.catalog = catalog
            history = ChangeHistory(after: catalog.revision)
            log = AppliedLog(horizon: index, countLimit: feedCount)
            applied = index
            isDoubted = false
            rebuilt = nil
        }

        /// Shows what was rebuilt, if it is sound and no less than what is shown (invariant 4).
        mutating func showRebuilt(feedCount: Int) -> (LogIndex, Revision)? {
            guard let new = rebuilt, new.isSound, new.applied >= applied else { return nil }
            show(new.catalog, at: new.applied, feedCount: feedCount)
            return (new.applied, new.catalog.revision)
        }
    }

    private struct Rebuilt {
        var catalog: Catalog
        var applied: LogIndex
        /// The majority is known to hold the same.
        var isSound = false

        /// The outcome; `nil` where the index was applied before.
        mutating func apply(_ command: CatalogCommand, index: LogIndex) -> CatalogOutcome? {
            guard index > applied else { return nil }
            applied = index
            return catalog.apply(command).outcome
        }

        mutating func advance(to index: LogIndex) { applied = max(applied, index) }
    }

    private let state: Mutex<State>
    private let feedCount: Int
    private let appliedMark = Waiters(reached: LogIndex.zero)
    private let revisionMark = Waiters(reached: Revision.zero)

    /// Keeps the newest `feedCount` commands for followers of its feed.
    package init(feedCount: Int = 20_000) {
        self.feedCount = feedCount
        state = Mutex(State(log: AppliedLog(horizon: .zero, countLimit: feedCount)))
    }

    package var catalog: Catalog { state.withLock { $0.catalog } }
    package var applied: LogIndex { state.withLock { $0.applied } }
    package var isFormed: Bool { state.withLock { $0.catalog.cluster != nil } }

    /// Catalog and index as of one moment.
    package var current: (catalog: Catalog, applied: LogIndex) {
        state.withLock { ($0.catalog, $0.applied) }
    }

    /// Applies one command.
    ///
    /// - Returns: What became of it; `nil` where the index was applied before.
    package func apply(
        _ command: CatalogCommand,
        index: LogIndex,
        payload: [UInt8]
    ) -> CatalogOutcome? {
        let result: (CatalogOutcome, Revision)? = state.withLock { state in
            if state.rebuilt != nil {  // Invariant 4.
                let outcome = state.rebuilt?.apply(command, index: index)
                let shown = state.showRebuilt(feedCount: feedCount)
                return outcome.map { ($0, shown?.1 ?? .zero) }
            }
            guard index > state.applied else { return nil }  // Invariant 1.
            let application = state.catalog.apply(command)
            state.history.append(application.changes)
            state.log.append(AppliedCommand(index: index, payload: payload))
            state.applied = index
            return (application.outcome, state.catalog.revision)
        }
        guard let (outcome, revision) = result else { return nil }
        if revision > .zero { wake(index, revision) }
        return outcome
    }

    /// Notes an entry that is no command.
    package func advance(to index: LogIndex) {
        let revision: Revision? = state.withLock { state in
            guard state.rebuilt == nil else {
                state.rebuilt?.advance(to: index)
                return state.showRebuilt(feedCount: feedCount)?.1
            }
            state.applied = max(state.applied, index)
            return state.catalog.revision
        }
        if let revision { wake(index, revision) }
    }

    /// Replaces everything by a newer state; watchers behind it have to load it anew.
    package func restore(_ catalog: Catalog, at index: LogIndex) {
        let isNewer = state.withLock { state in
            guard index > state.applied else {
                if state.isDoubted, index > state.rebuilt?.applied ?? .zero {  // Invariant 4.
                    state.rebuilt = Rebuilt(catalog: catalog, applied: index)
                }
                return false
            }
            state.show(catalog, at: index, feedCount: feedCount)
            return true
        }
        if isNewer { wake(index, catalog.revision) }
    }

    package func wait(for index: LogIndex, within limit: Timespan) async -> Bool {
        await appliedMark.wait(for: index, within: limit)
    }

    package func wait(for revision: Revision, within limit: Timespan) async -> Bool {
        await revisionMark.wait(for: revision, within: limit)
    }

    private func wake(_ index: LogIndex, _ revision: Revision) {  // Invariant 3.
        appliedMark.advance(to: index)
        revisionMark.advance(to: revision)
    }
}

// MARK: - A state that differs from the majority's

extension CatalogReplica {
    /// Whether what is shown is known to be wrong, and another state is on its way, or to come.
    package var isRebuilding: Bool { state.withLock { $0.isDoubted } }

    /// Catalog and index as of one moment; `nil` while they are known to be wrong.
    package var sound: (catalog: Catalog, applied: LogIndex)? {
        state.withLock { $0.isDoubted ? nil : ($0.catalog, $0.applied) }
    }

    /// What is shown differs from the majority's.
    package func doubt() { state.withLock { $0.isDoubted = true } }

    /// The digest of the state right behind `index`; `nil` where it is further on.
    package func digest(at index: LogIndex) -> UInt64? {
        state.withLock { state in
            if let rebuilt = state.rebuilt {
                return rebuilt.applied == index ? rebuilt.catalog.stateDigest : nil
            }
            return state.applied == index ? state.catalog.stateDigest : nil
        }
    }

    /// Looks at everything held, so that the digest shows what memory has changed; O(size).
    package func inspect() { state.withLock { _ = $0.catalog.inspect() } }

    /// Applies to `catalog` from now on; what is shown stands still (invariant 4).
    package func beginRebuild(from catalog: Catalog, at index: LogIndex) {
        state.withLock { state in
            state.isDoubted = true
            state.rebuilt = Rebuilt(catalog: catalog, applied: index)
        }
    }

    /// Shows the rebuilt state, if there is one, as soon as it is no less than what is shown; watchers
    /// have to load it anew.
    package func endRebuild() {
        let shown = state.withLock { state in
            state.rebuilt?.isSound = true
            return state.showRebuilt(feedCount: feedCount)
        }
        if let (index, revision) = shown { wake(index, revision) }
    }
}

// MARK: - What others follow

extension CatalogReplica {
    /// Changes of revision `from` and later, whole revisions, about `limit` of them.
    package func changes(from revision: Revision, limit: Int) -> ChangeHistory.Reading {
        state.withLock { $0.history.changes(from: revision, limit: limit) }
    }

    /// What a follower of the feed needs next.
    package enum FeedStep: Sendable {
        case commands([AppliedCommand], upTo: LogIndex)
        /// Commands in between are gone: it needs the state.
        case state(Catalog, LogIndex)
    }

    /// The next step behind `index`: at most `limit` commands of about `byteLimit` bytes.
    ///
    /// `upTo` never claims more than was given: behind the last command given there is none, or it
    /// is that command. A follower that is ahead of this replica gets its own index back.
    package func feed(after index: LogIndex, limit: Int, byteLimit: Int = .max) -> FeedStep {
        state.withLock { state in
            let found = state.log.commands(after: index, limit: limit, byteLimit: byteLimit)
            guard let commands = found else { return .state(state.catalog, state.applied) }

            let last = commands.last?.index ?? index
            let isAll = last >= state.log.newest
            return .commands(commands, upTo: isAll ? max(state.applied, last) : last)
        }
    }
}
