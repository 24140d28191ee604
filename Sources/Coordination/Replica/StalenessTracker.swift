// SPDX-License-Identifier: Apache-2.0
import FeedCore
package import Primitives
import Synchronization

/// How long ago this replica was known to be complete; see ``StalenessBound``.
package final class StalenessTracker: Sendable {
    private let bound = Mutex(StalenessBound())

    package init() {}

    /// Somebody said, asked at `askedAtMS`, that it was complete up to `index` `age` ago.
    package func heard(index: LogIndex, age: Timespan, askedAtMS: UInt64, applied: LogIndex) {
        bound.withLock {
            $0.heard(index: index, age: age, askedAtMS: askedAtMS, applied: applied)
        }
    }

    /// The age at `nowMS` of a replica that holds everything up to `applied`.
    package func age(nowMS: UInt64, applied: LogIndex) -> Timespan? {
        bound.withLock { $0.age(nowMS: nowMS, applied: applied) }
    }
}
