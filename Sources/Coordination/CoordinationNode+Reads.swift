// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import PeerTransport
package import Primitives
import RaftCore

/// Reads: at once and however old, or at least as new as the call.
extension CoordinationNode {
    package func view() -> CatalogView {
        let staleness = age  // First: what is applied meanwhile only makes it truer.
        return CatalogView(catalog: located(replica.catalog), staleness: staleness)
    }

    package var isFormed: Bool { replica.isFormed }

    package func readBarrier(within limit: Timespan) async throws(CoordinationError) {
        guard membership.node != nil else { throw .notInitialised }

        let started = settings.now()
        var isLeaderless = false  // By the last attempt.
        while true {
            try requireQuorum()
            let spent = settings.now() - started
            guard spent < limit.milliseconds, !Task.isCancelled else {
                throw isLeaderless ? .noLeader : .timedOut
            }
            let left = Timespan(milliseconds: limit.milliseconds - spent)
            if let index = await readIndex(within: min(left, .seconds(1))) {
                guard await replica.wait(for: index, within: left) else { throw .timedOut }
                return
            }
            // Whoever leads confirms that at once; one who is believed to lead may only be slow.
            isLeaderless = knownLeader == nil
            guard spent < Self.leaderPatience.milliseconds else { throw .noLeader }
            try? await Task.sleep(for: .milliseconds(30))
        }
    }

    package func wait(
        for revision: Revision,
        within limit: Timespan
    ) async throws(CoordinationError) {
        guard await replica.wait(for: revision, within: limit) else {
            throw .behind(have: replica.catalog.revision, wanted: revision)
        }
    }

    package func watch(_ request: WatchRequest) throws(CoordinationError) -> WatchStream {
        guard membership.node != nil else { throw .notInitialised }
        if let from = request.from,
            case .compacted(let oldest) = replica.changes(from: from, limit: 1)
        {
            throw .compacted(oldest: oldest)
        }
        let cursor = WatchCursor(replica: replica, request: request)
        return WatchStream { await cursor.event() }
    }

    /// An index that covers everything committed before the call; `nil`: try again.
    private func readIndex(within limit: Timespan) async -> LogIndex? {
        if let driver {
            guard case .success(let index)? = await driver.readIndex(within: limit) else {
                return nil
            }
            return index
        }
        return await readForwarder.value { await self.askReadIndex(within: limit) }
    }

    private func askReadIndex(within limit: Timespan) async -> LogIndex? {
        guard let leader = knownLeader, let address = book.address(of: leader) else { return nil }
        let reply = try? await peers.request(
            PeerMethod.readIndex.rawValue,
            [],
            to: address,
            timeout: limit.duration
        )
        guard let reply else { return nil }
        var reader = ByteReader(reply)
        return (try? reader.integer(UInt64.self)).map(LogIndex.init)
    }

    /// How long ago this replica was known to be complete: by its own voter, or by what others said.
    var age: Timespan? {
        let now = settings.now()
        let told = staleness.age(nowMS: now, applied: replica.applied)
        guard let confirmed = driver?.state.confirmedAtMS else { return told }
        let own = Timespan(milliseconds: now - min(confirmed, now))
        return told.map { min($0, own) } ?? own
    }
}
