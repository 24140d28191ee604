// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Codecs
import Logging
import PeerTransport
import Primitives
import RaftCore
import Synchronization

/// Following the catalog without a vote: state and commands pulled from a voter, another one within
/// two seconds of silence.
///
/// A worker that is given a vote stops following: what its own log then brings is the same, and what
/// comes twice is left out by its index.
extension CoordinationNode {
    /// A source that sends nothing for this long, not even that nothing happened, is left.
    private static let feedSilenceMS: UInt64 = 1500

    func followFeed() async {
        guard await untilMember() else { return }
        var turn = 0
        var lag = LogLag()
        while !Task.isCancelled {
            if needsFeed(&lag), let (node, address) = nextSource(turn) {
                await follow(node, at: address, &lag)
                feedSource.withLock { $0 = nil }
            }
            turn += 1
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    /// Whether this worker's own log does not tell it what is committed: it has none, or no room for it,
    /// or it was enlisted and nobody has sent it the log yet.
    ///
    /// What a voter learns from the feed its log says again later; the replica takes each index once.
    private func needsFeed(_ lag: inout LogLag) -> Bool {
        guard membership.state.isVoter else { return true }
        // What is rebuilt takes every entry from the log alone, without a gap.
        guard let state = driver?.state, !replica.isRebuilding, state.role != .leader else {
            return false
        }
        lag.note(state, now: settings.now())
        return state.disk.isFull || (lag.isLong && voters.contains { $0 != membership.node })
    }

    /// Since when a voter's log is behind its catalog.
    ///
    /// After a start it is for a moment: the log then brings each entry, where the feed may bring a state
    /// that watches have to load anew.
    private struct LogLag {
        private var sinceMS: UInt64?
        private(set) var isLong = false

        mutating func note(_ state: VoterState, now: UInt64) {
            guard state.isLogBehind else { return self = LogLag() }
            let since = sinceMS ?? now
            sinceMS = since
            isLong = now - min(now, since) >= 2 * state.electionMS
        }
    }

    /// A voter that answers, else any whose address is known, else whoever `join` names.
    private func nextSource(_ turn: Int) -> (NodeID?, PeerAddress)? {
        if lineage == nil, let home = newHome.withLock({ $0 }) {
            // The catalog is still the old cluster's: its voters are nobody to ask.
            let places = [home] + settings.join
            return (nil, places[turn % places.count])
        }
        let voters = voters.filter { $0 != membership.node }
        let answering = voters.filter(health.answersNow)
        let candidates = answering.isEmpty ? voters : answering
        let addressed = candidates.compactMap { node in
            book.address(of: node).map { (Optional(node), $0) }
        }
        if !addressed.isEmpty { return addressed[turn % addressed.count] }
        guard !settings.join.isEmpty else { return nil }
        return (nil, settings.join[turn % settings.join.count])
    }

    private func follow(
        _ node: NodeID?,
        at address: PeerAddress,
        _ lag: inout LogLag
    ) async {
        let lastItem = LastItem(atMS: settings.now())
        await withDiscardingTaskGroup { group in
            group.addTask {
                await self.read(node, at: address, noting: lastItem)
                lastItem.note(atMS: 0)  // Ends the watch below.
            }
            while !Task.isCancelled, needsFeed(&lag), silence(since: lastItem) < Self.feedSilenceMS
            {
                try? await Task.sleep(for: .milliseconds(100))
            }
            group.cancelAll()
        }
    }

    private func silence(since item: LastItem) -> UInt64 {
        let now = settings.now()
        return now - min(now, item.atMS)  // Heard between the two looks at the clock.
    }

    /// When a feed last said anything, shared by its reader and whoever watches over it.
    private final class LastItem: Sendable {
        private let time: Mutex<UInt64>

        init(atMS: UInt64) { time = Mutex(atMS) }

        var atMS: UInt64 { time.withLock { $0 } }

        func note(atMS: UInt64) { time.withLock { $0 = atMS } }
    }

    private func read(
        _ node: NodeID?,
        at address: PeerAddress,
        noting lastItem: LastItem
    ) async {
        do {
            let after = replica.applied
            let stream = try await peers.stream(
                PeerMethod.feed.rawValue,
                FeedRequest(after: after).encode(),
                to: address
            )
            var assembly = FeedAssembly(after: after)
            for try await bytes in stream {
                lastItem.note(atMS: settings.now())
                feedSource.withLock { $0 = node }
                try perform(try assembly.take(bytes))
            }
        } catch {
            log.debug(
                "a feed ended",
                metadata: ["peer.address": "\(address)", "error": "\(error)"]
            )
        }
    }

    private func perform(_ step: FeedAssembly.Step) throws(FeedError) {
        do throws(ByteDecodingError) {
            switch step {
            case .none: break
            case .restore(let state, let index):
                replica.restore(try Catalog(decodingSnapshot: state), at: index)
            case .apply(let commands):
                let steps = try commands.map { (command) throws(ByteDecodingError) in
                    CatalogReplica.Step(
                        command.index,
                        command: try CatalogCommand(decoding: command.payload),
                        payload: command.payload
                    )
                }
                _ = replica.apply(steps)
            case .advance(let index):
                replica.advance(to: index)
            }
        } catch {
            throw .malformed(error)
        }
    }
}
