// SPDX-License-Identifier: Apache-2.0
import Synchronization

/// What happened at a page server since its start.
package struct PageServerStatistics: Sendable, Equatable {
    /// Connections open now.
    package var connectionCount = 0
    /// Connections accepted.
    package var acceptedCount: UInt64 = 0
    /// Hellos refused with a reason: another cluster, version or size, or too many connections.
    package var refusedCount: UInt64 = 0
    /// Connections closed for what they sent: not this protocol, too long, not decodable.
    package var malformedCount: UInt64 = 0
    /// Connections closed for what they did not send or take in time.
    package var stalledCount: UInt64 = 0
    /// Requests handed to the handler.
    package var requestCount: UInt64 = 0
}

/// Counts for all connections of one server.
package final class PageServerCounters: Sendable {
    private let counts = Mutex(PageServerStatistics())

    package init() {}

    package var statistics: PageServerStatistics { counts.withLock { $0 } }

    func note(_ change: (inout PageServerStatistics) -> Void) {
        counts.withLock { change(&$0) }
    }

    /// Counts a new connection; `false` where there are `limit` already.
    func opened(limit: Int) -> Bool {
        counts.withLock { counts in
            counts.acceptedCount += 1
            counts.connectionCount += 1
            return counts.connectionCount <= limit
        }
    }

    func closed() { counts.withLock { $0.connectionCount -= 1 } }
}
