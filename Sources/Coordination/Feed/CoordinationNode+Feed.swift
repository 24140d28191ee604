// SPDX-License-Identifier: Apache-2.0
import CatalogCore
import Codecs
import FeedCore
import Logging
import PeerTransport
import Primitives
import RaftCore
import Synchronization

/// Following the catalog without a vote: state and commands pulled from a relay or a voter, another one
/// within two seconds of silence.
///
/// Whom to follow is the tree's word (``FeedTree``), when to change over the follower's
/// (``FeedFollower``); here are the streams. A worker that is given a vote stops following: what its own
/// log then brings is the same, and what comes twice is left out by its index.
extension CoordinationNode {
    /// How long a worker looks for a source among those it knows before it asks whoever `join` names.
    private static let searchMS: UInt64 = 10_000
    private static let tickInterval = Timespan(milliseconds: 100)

    func followFeed() async {
        guard await untilMember() else { return }
        var turn = 0
        var lag = LogLag()
        while !Task.isCancelled {
            if needsFeed(&lag) {
                if lineage == nil {
                    await followPlace(turn)
                } else {
                    await followTree(&lag)
                    if needsFeed(&lag) { await followPlace(turn) }
                }
                turn += 1
            }
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

    // MARK: - By the tree

    /// Follows whom the catalog names, until there is no need to, or nobody of them feeds this worker
    /// for long.
    private func followTree(_ lag: inout LogLag) async {
        guard let node = membership.node else { return }
        feedLine.begin(as: node, seed: UInt64.random(in: .min ... .max))
        defer {
            feedLine.end()
            health.told(nil)
        }
        var fedAtMS = settings.now()
        await withDiscardingTaskGroup { group in
            while !Task.isCancelled, needsFeed(&lag), lineage != nil {
                feedLine.setSources(feedTree.sources(for: node, in: settings.region))
                feedLine.tick()
                while let (action, stream) = await feedLine.next(within: Self.tickInterval) {
                    switch action {
                    case .open(let source): group.addTask { await self.follow(source, stream) }
                    case .ask(let worker): group.addTask { await self.askForOffer(worker) }
                    case .leave: break  // The line has left it.
                    }
                }
                let now = settings.now()
                if feedLine.source != nil { fedAtMS = now }
                if now - min(now, fedAtMS) > Self.searchMS, !settings.join.isEmpty { break }
            }
            feedLine.end()  // Ends what reads.
            group.cancelAll()
        }
    }

    private func follow(_ source: NodeID, _ stream: UInt64) async {
        await withDiscardingTaskGroup { group in
            group.addTask {
                guard let address = self.book.address(of: source) else {
                    return self.feedLine.ended(.lost, stream: stream)
                }
                let ending = await self.read(address) { step, askedAtMS in
                    self.note(step, of: stream, askedAtMS)
                }
                self.feedLine.ended(ending, stream: stream)
            }
            await feedLine.untilLeft(stream: stream)
            group.cancelAll()
        }
    }

    private func note(_ step: FeedAssembly.Step, of stream: UInt64, _ askedAtMS: UInt64) {
        guard case .beacon(let beacon) = step else { return feedLine.heard(stream: stream) }
        let moment = feedLine.heard(beacon, stream: stream, askedAtMS: askedAtMS)
        health.told(asksVoters ? nil : feedLine.beacon)
        guard let moment, let age = beacon.age else { return }
        staleness.heard(
            index: beacon.covers,
            age: age,
            askedAtMS: min(moment, settings.now()),
            applied: replica.applied
        )
    }

    private func askForOffer(_ node: NodeID) async {
        let askedAt = settings.now()
        var offer: FeedOffer?
        if let address = book.address(of: node) {
            let reply = try? await peers.request(
                PeerMethod.feedOffer.rawValue,
                [],
                to: address,
                timeout: .milliseconds(900)
            )
            offer = reply.flatMap { try? FeedOffer(decoding: $0) }
        }
        feedLine.answered(node, offer, askedAtMS: askedAt)
    }

    // MARK: - By address

    /// Follows whoever is at one of the addresses this worker was given, for a while: where there is no
    /// catalog, or one of the cluster that this one goes on from, there is no tree either.
    private func followPlace(_ turn: Int) async {
        let places = [newHome.withLock { $0 }].compactMap { $0 } + settings.join
        guard !places.isEmpty else { return }
        let place = places[turn % places.count]
        let heard = Waiters(reached: UInt64(0))  // Items; `max`: enough.
        let silence = Timespan(milliseconds: FeedFollower.silenceMS)
        await withDiscardingTaskGroup { group in
            group.addTask {
                _ = await self.read(place) { step, _ in
                    let count = heard.reached
                    guard count < .max else { return }
                    heard.advance(to: self.isSettled(by: step) ? .max : count + 1)
                }
                heard.advance(to: .max)
            }
            var seen: UInt64 = 0
            while seen < .max, await heard.wait(for: seen + 1, within: silence) {
                seen = heard.reached
            }
            group.cancelAll()
        }
        // Many that start at once come again apart from each other.
        if lineage == nil, turn > places.count {
            try? await Task.sleep(for: .milliseconds(Int.random(in: 100...1500)))
        }
    }

    /// Whether this worker has the catalog of its cluster, and all of it.
    private func isSettled(by step: FeedAssembly.Step) -> Bool {
        guard case .beacon(let beacon) = step else { return false }
        return lineage != nil && beacon.covers <= replica.applied
    }

    // MARK: - Streams

    /// Reads one feed to its end, and takes what it brings.
    private func read(
        _ address: PeerAddress,
        noting note: @Sendable (FeedAssembly.Step, UInt64) -> Void
    ) async -> FeedFollower.Ending {
        let askedAt = settings.now()
        let after = replica.applied
        do {
            let stream = try await peers.stream(
                PeerMethod.feed.rawValue,
                FeedRequest(after: after).encode(),
                to: address
            )
            var assembly = FeedAssembly(after: after)
            for try await bytes in stream {
                let step = try assembly.take(bytes)
                try perform(step)
                note(step, askedAt)
            }
            return .lost
        } catch {
            log.debug(
                "a feed ended",
                metadata: ["peer.address": "\(address)", "error": "\(error)"]
            )
            return Self.ending(by: error)
        }
    }

    private static func ending(by error: any Error) -> FeedFollower.Ending {
        switch error {
        case PeerError.failed(let failure) where failure.code == PeerFailureCode.full.rawValue:
            .full(others: FeedReferral.decode(failure.body))
        case is FeedError: .unfit
        default: .lost
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
            case .advance(let index): replica.advance(to: index)
            case .beacon(let beacon): replica.advance(to: beacon.index)
            }
        } catch {
            throw .malformed(error)
        }
    }
}
