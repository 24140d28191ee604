// SPDX-License-Identifier: Apache-2.0
package import CatalogCore
package import Primitives

/// What a change that is waited for in every region is about.
package struct BarrierRequest: Sendable, Hashable {
    /// The change.
    package let revision: Revision
    /// The mount that it changed: who does not have the change may be using what was there before.
    package let path: ByteString

    package init(revision: Revision, path: ByteString) {
        self.revision = revision
        self.path = path
    }
}

/// Which regions have a change.
package struct BarrierReport: Sendable, Hashable {
    package struct Region: Sendable, Hashable {
        package let name: String
        /// Workers that there are.
        package let workerCount: Int
        /// Names of those that are not known to have the change, sorted.
        package let missing: [String]
        /// Whether those refuse to use what was there before: its `on-stale` time is over for them.
        package let isExpired: Bool

        package init(name: String, workerCount: Int, missing: [String], isExpired: Bool) {
            self.name = name
            self.workerCount = workerCount
            self.missing = missing
            self.isExpired = isExpired
        }

        /// Nobody in the region uses what was there before.
        package var isSettled: Bool { missing.isEmpty || isExpired }
    }

    /// Sorted by name.
    package let regions: [Region]

    package init(regions: [Region]) { self.regions = regions }

    package var isComplete: Bool { regions.allSatisfy(\.isSettled) }
}

/// When a worker that has not got a change cannot be using what was there before any more.
///
///     known ──── r₁ ───────── r₂ ──────── the change
///       └ what it may use: the entry at `known`, or r₁'s, or r₂'s; each for its own on-stale time
///
/// It became stale at the latest when the first change that it lacks was made. So it uses none of these
/// entries once the longest of their times has passed since the newest change; where one of them is
/// served however stale, it may use that for ever. So it may where there was no mount: then the path
/// belonged to a mount above it, or reads as if there were nothing.
package enum StaleTime {
    /// - Parameters:
    ///   - history: What was at the path, oldest first; see ``Catalog/history(of:)``.
    ///   - horizon: Up to here the history is not known.
    ///   - known: The worker has at least this revision.
    ///   - change: The change that it may lack.
    /// - Returns: How long after the change it may go on; `nil`: for ever.
    package static func longest(
        of history: [MountRevision],
        horizon: Revision,
        known: Revision,
        before change: Revision
    ) -> Timespan? {
        let older = history.filter { $0.revision < change }
        guard known >= horizon, let start = older.lastIndex(where: { $0.revision <= known })
        else { return nil }
        var longest = Timespan.seconds(0)
        for made in older[start...] {
            guard case .fail(let after) = made.entry?.mount.onStale else { return nil }
            longest = max(longest, after)
        }
        return longest
    }
}
