// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Codecs
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
                if await replica.wait(for: index, within: left) { return }
                throw isLogCutOff ? .noLeader : .timedOut
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

    package func watch(_ request: WatchRequest) throws(CoordinationError) -> any WatchStream {
        guard membership.node != nil else { throw .notInitialised }
        if let from = request.from,
            case .compacted(let oldest) = replica.changes(from: from, limit: 1)
        {
            throw .compacted(oldest: oldest)
        }
        return WatchCursor(replica: replica, request: request)
    }

    /// An index that covers everything committed before the call; `nil`: try again.
    private func readIndex(within limit: Timespan) async -> LogIndex? {
        if let driver {
            if let detour {
                return await askReadIndex(of: detour.voter, within: limit, hops: 0)
            }
            guard case .success(let index)? = await driver.readIndex(within: limit) else {
                return nil
            }
            return index
        }
        return await readForwarder.value { await self.askReadIndex(within: limit) }
    }

    /// Asks the source of the feed, which asks its own for all that ask it; the leader itself where a
    /// voter feeds this worker, or the source has no answer.
    private func askReadIndex(
        within limit: Timespan,
        hops: UInt8 = ReadIndexQuestion.mostHops
    ) async -> LogIndex? {
        let started = settings.now()
        if !asksVoters, hops > 0, let source = feedLine.source {
            let half = Timespan(milliseconds: limit.milliseconds / 2)
            if let index = await askReadIndex(of: source, within: half, hops: hops - 1) {
                return index
            }
        }
        let spent = settings.now() - started
        guard spent < limit.milliseconds, let asked = detour?.voter ?? knownLeader else {
            return nil
        }
        let left = Timespan(milliseconds: limit.milliseconds - spent)
        return await askReadIndex(of: asked, within: left, hops: 0)
    }

    private func askReadIndex(
        of node: NodeID,
        within limit: Timespan,
        hops: UInt8
    ) async -> LogIndex? {
        guard let address = book.address(of: node) else { return nil }
        let reply = try? await peers.request(
            PeerMethod.readIndex.rawValue,
            ReadIndexQuestion(hops: hops).encode(),
            to: address,
            timeout: limit.duration
        )
        guard let reply else { return nil }
        var reader = ByteReader(reply)
        return (try? reader.integer(UInt64.self)).map(LogIndex.init)
    }

    /// A voter's own answer; else one that is asked for, together with all that wait here.
    func answerReadIndex(
        _ body: [UInt8],
        from remote: PeerHello
    ) async throws(PeerFailure) -> [UInt8] {
        try requireMember(remote)
        guard let question = ReadIndexQuestion(decoding: body) else {
            throw .because(.badRequest, "not a question for a read index")
        }
        var index: LogIndex?
        if let driver {
            if case .success(let confirmed)? = await driver.readIndex(within: .seconds(1)) {
                index = confirmed
            }
        } else if question.hops > 0 {
            let hops = question.hops
            index = await readForwarder.value {
                await self.askReadIndex(within: .seconds(1), hops: hops)
            }
        }
        guard let index else { throw .because(.notLeader, "no leader confirms the read") }
        var writer = ByteWriter()
        writer.write(index.rawValue)
        return writer.bytes
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

/// How far a question for a read index may be handed on.
///
/// Each hop is one up the feed's tree; while two workers take each other for their source, it ends.
struct ReadIndexQuestion {
    /// Branch, relay, leader.
    static let mostHops: UInt8 = 3

    let hops: UInt8

    init(hops: UInt8) { self.hops = hops }

    func encode() -> [UInt8] { [hops] }

    init?(decoding bytes: [UInt8]) {
        guard bytes.count == 1, bytes[0] <= Self.mostHops else { return nil }
        hops = bytes[0]
    }
}
