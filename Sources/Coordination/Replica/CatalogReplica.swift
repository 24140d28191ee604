// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
package import FeedCore
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
/// 2. Catalog, history and applied log change together, under one lock; what views see follows
///    before that lock is let go.
/// 3. Waiters are woken after the state they waited for can be seen.
/// 4. While a state is rebuilt, what is shown stands still: nobody sees it go back.
package final class CatalogReplica: Sendable {
    private struct State {
        var catalog = Catalog()
        var history = WatchedHistory(ChangeHistory())
        var log: AppliedLog
        var applied = LogIndex.zero
        /// What is shown differs from the majority's.
        var isDoubted = false
        /// Times that it was found to differ.
        var doubtCount: UInt64 = 0
        /// What will take its place, once there is something.
        var rebuilt: Rebuilt?

        mutating func show(_ catalog: Catalog, at index: LogIndex, feedCount: Int) {
            self.catalog = catalog
            history = WatchedHistory(ChangeHistory(after: catalog.revision))
            log = AppliedLog(horizon: index, countLimit: feedCount)
            applied = index
            isDoubted = false
            rebuilt = nil
        }

        /// Shows what was rebuilt, if it is sound and no less than what is shown (invariant 4).
        mutating func showRebuilt(feedCount: Int) {
            guard let new = rebuilt, new.isSound, new.applied >= applied else { return }
            show(new.catalog, at: new.applied, feedCount: feedCount)
        }

        /// The outcome; `nil` for what is no command or was applied before.
        mutating func apply(_ step: Step, feedCount: Int) -> CatalogOutcome? {
            if rebuilt != nil {  // Invariant 4.
                defer { showRebuilt(feedCount: feedCount) }
                return rebuilt?.apply(step)
            }
            guard step.index > applied else { return nil }  // Invariant 1.
            applied = step.index
            guard let command = step.command else { return nil }
            let application = catalog.apply(command)
            history.append(application.changes)
            log.append(AppliedCommand(index: step.index, payload: step.payload))
            return application.outcome
        }
    }

    private struct Rebuilt {
        var catalog: Catalog
        var applied: LogIndex
        /// The majority is known to hold the same.
        var isSound = false

        mutating func apply(_ step: Step) -> CatalogOutcome? {
            guard step.index > applied else { return nil }
            applied = step.index
            return step.command.map { catalog.apply($0).outcome }
        }
    }

    /// What views see; a lock of its own, so that no reader waits while commands are applied.
    private struct Shown: Sendable {
        var catalog = Catalog()
        var applied = LogIndex.zero
    }

    private let state: Mutex<State>
    /// Taken while ``state`` is held, never the other way round.
    private let shown = Mutex(Shown())
    private let feedCount: Int
    private let appliedMark = Waiters(reached: LogIndex.zero)
    private let revisionMark = Waiters(reached: Revision.zero)

    /// Keeps the newest `feedCount` commands for followers of its feed.
    package init(feedCount: Int = 20_000) {
        self.feedCount = feedCount
        state = Mutex(State(log: AppliedLog(horizon: .zero, countLimit: feedCount)))
    }

    package var catalog: Catalog { shown.withLock { $0.catalog } }
    package var applied: LogIndex { shown.withLock { $0.applied } }
    package var isFormed: Bool { shown.withLock { $0.catalog.cluster != nil } }

    /// Catalog and index as of one moment.
    package var current: (catalog: Catalog, applied: LogIndex) {
        shown.withLock { ($0.catalog, $0.applied) }
    }

    /// One entry of the log, as far as the catalog is concerned.
    package struct Step: Sendable {
        package let index: LogIndex
        /// `nil`: the entry is no command.
        package let command: CatalogCommand?
        /// The command's bytes, for followers of the feed.
        package let payload: [UInt8]

        package init(_ index: LogIndex, command: CatalogCommand?, payload: [UInt8] = []) {
            self.index = index
            self.command = command
            self.payload = payload
        }
    }

    /// Applies entries in their order; together they become visible, and wake who waits for them.
    ///
    /// - Returns: What became of each; `nil` for what is no command or was applied before.
    package func apply(_ steps: [Step]) -> [CatalogOutcome?] {
        change { state in
            steps.map { state.apply($0, feedCount: feedCount) }
        }
    }

    /// Applies one command.
    ///
    /// - Returns: What became of it; `nil` where the index was applied before.
    package func apply(
        _ command: CatalogCommand,
        index: LogIndex,
        payload: [UInt8]
    ) -> CatalogOutcome? {
        let step = Step(index, command: command, payload: payload)
        return change { $0.apply(step, feedCount: feedCount) }
    }

    /// Notes an entry that is no command.
    package func advance(to index: LogIndex) {
        _ = change { $0.apply(Step(index, command: nil), feedCount: feedCount) }
    }

    /// Changes the state, shows what it has become, and wakes who waited for it.
    private func change<Result: Sendable>(_ body: (inout State) -> Result) -> Result {
        let (result, index, revision) = state.withLock { state in
            let result = body(&state)
            let now = Shown(catalog: state.catalog, applied: state.applied)
            // What was shown before is let go outside both locks.
            let before = shown.withLock { shown in
                defer { shown = now }
                return shown
            }
            return ((result, before), now.applied, now.catalog.revision)
        }
        // Invariant 3.
        appliedMark.advance(to: index)
        revisionMark.advance(to: revision)
        return result.0
    }

    /// Replaces everything by a newer state; watchers behind it have to load it anew.
    package func restore(_ catalog: Catalog, at index: LogIndex) {
        change { state in
            guard index > state.applied else {
                if state.isDoubted, index > state.rebuilt?.applied ?? .zero {  // Invariant 4.
                    state.rebuilt = Rebuilt(catalog: catalog, applied: index)
                }
                return
            }
            state.show(catalog, at: index, feedCount: feedCount)
        }
    }

    package func wait(for index: LogIndex, within limit: Timespan) async -> Bool {
        await appliedMark.wait(for: index, within: limit)
    }

    package func wait(for revision: Revision, within limit: Timespan) async -> Bool {
        await revisionMark.wait(for: revision, within: limit)
    }

    /// Who waits for revisions, for callers that others may send away.
    var revisions: Waiters<Revision> { revisionMark }
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
    package func doubt() {
        state.withLock { state in
            state.isDoubted = true
            state.doubtCount += 1
        }
    }

    /// Times that what was shown differed from the majority's: what was made of it before is void.
    package var doubtCount: UInt64 { state.withLock { $0.doubtCount } }

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
        change { state in
            state.rebuilt?.isSound = true
            state.showRebuilt(feedCount: feedCount)
        }
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

    /// Whether every command behind `index` is still there.
    package func canFollow(_ index: LogIndex) -> Bool {
        state.withLock { $0.log.horizon <= index }
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
