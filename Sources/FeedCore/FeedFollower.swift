// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// How one worker keeps a source of the feed, and a second one at hand.
///
/// ```
///             open                     beacon, commands
///   seeking ────────▶ opened ─────────────────────────▶ fed ─┐ each second: asks the second one
///      ▲ ▲               │                               │   │ whether it has room; silent for
///      │ └─ full, lost ──┴──── silent 1.5 s, lost ───────┘ ◀─┘ 0.7 s: asks several
///      └─ pause: all were tried
/// ```
///
/// A plain value: the clock's reading comes with each event, the jitter from a seed, and what it asks
/// for is done by its owner.
///
/// Invariants:
/// 1. One stream at a time: an `open` comes after the end of the one before, or after `leave`.
/// 2. A source that failed is let alone, for a second at first and twice as long each time, give or take
///    a quarter: so the attempts of one follower are bounded, whatever its sources do, and those of many
///    are spread.
/// 3. Nobody follows itself: a source whose path leads through this worker is left (``FeedBeacon/path``).
/// 4. The last resort is tried only by who has heard nothing for twice ``silenceMS``, and is never asked
///    to stand by: that would be a question a second to the voters from every worker.
package struct FeedFollower: Sendable {
    /// What the owner has to do; in this order.
    package enum Action: Sendable, Hashable {
        case open(NodeID)
        /// Ends the stream; no `ended` has to follow.
        case leave
        /// Asks a worker for its ``FeedOffer``.
        case ask(NodeID)
    }

    /// Why a stream has ended.
    package enum Ending: Sendable, Hashable {
        case lost
        /// The server has as many followers as it takes, and names others.
        case full(others: [NodeID])
        /// What it sent is no feed.
        case unfit
    }

    struct Source {
        let node: NodeID
        /// By what is known now: it may have been the best once.
        var tier: Int
        var heardAtMS: UInt64
        var hasSpoken = false
        var age: Timespan?
    }

    struct Rest {
        var untilMS: UInt64
        var failures: UInt64
    }

    /// A source that sends nothing for this long, not even a beacon, is left.
    package static let silenceMS: UInt64 = 1500
    /// After this others are asked whether they live.
    private static let doubtMS: UInt64 = 700
    private static let anchorMS: UInt64 = 10_000

    let me: NodeID
    var sources = FeedSources()
    /// Named by servers that were full.
    var named: [NodeID] = []
    private(set) var source: Source?
    var offers = FeedOffers()
    var resting: [NodeID: Rest] = [:]
    var generator: SplitMix64
    /// Since when nobody feeds this worker; `nil`: somebody does.
    private var seekingSinceMS: UInt64?
    private var nextAnchorMS: UInt64 = 0
    private var nextDoubtMS: UInt64 = 0
    var search = FeedSearch()
    /// Times that a source was left for another.
    package private(set) var changeCount: UInt64 = 0

    /// A follower without a source.
    package init(_ me: NodeID, seed: UInt64) {
        self.me = me
        generator = SplitMix64(seed: seed)
    }

    /// Whom it may follow; a source that is no longer among them is kept until a better one is found.
    package mutating func setSources(_ sources: FeedSources) {
        guard sources != self.sources else { return }
        self.sources = sources
        if let node = source?.node { source?.tier = sources.tier(of: node) }
        search.isFruitful()
        let known = Set(sources.tiers.joined())
        named.removeAll { known.contains($0) }
        resting = resting.filter { known.contains($0.key) || named.contains($0.key) }
    }

    /// Whom it follows or tries to.
    package var current: NodeID? { source?.node }
    /// Whom it follows, once it has said something.
    package var feeding: NodeID? { source.flatMap { $0.hasSpoken ? $0.node : nil } }
    /// The second source.
    package var standby: NodeID? { offers.second }

    // MARK: - Events

    /// Time has passed; to be told ten times a second.
    package mutating func tick(atMS now: UInt64) -> [Action] {
        guard let source else { return open(now) }
        let silence = now - min(now, source.heardAtMS)
        if silence >= Self.silenceMS {
            // Who has not answered since may have gone with it.
            offers.forget(before: source.heardAtMS)
            return [.leave] + lose(source, now)
        }
        if silence >= Self.doubtMS { return doubt(source, now) }
        guard source.hasSpoken else { return [] }
        var actions: [Action] = []
        if now >= nextAnchorMS {
            nextAnchorMS = now + Self.anchorMS
            actions.append(.ask(source.node))
        }
        actions += askSecond(beside: source, now)
        if let better = searchBetter(than: source, now) { actions.append(.ask(better)) }
        return actions
    }

    /// The source has sent something that is no beacon.
    package mutating func heard(atMS now: UInt64) {
        source?.heardAtMS = now
        source?.hasSpoken = true
        seekingSinceMS = nil
    }

    /// The source has sent a beacon.
    package mutating func heard(_ beacon: FeedBeacon, atMS now: UInt64) -> [Action] {
        heard(atMS: now)
        guard let source else { return [] }
        guard !leadsHere(beacon.path) else { return [.leave] + lose(source, now) }
        self.source?.age = beacon.age
        resting[source.node] = nil
        if !FeedSearch.isPoor(beacon.age), source.tier == 0 { search.isFruitful() }
        return []
    }

    /// The stream has ended.
    package mutating func ended(_ ending: Ending, atMS now: UInt64) -> [Action] {
        guard let source else { return [] }
        if case .full(let others) = ending {
            let known = Set(sources.tiers.joined())
            named = others.filter { $0 != me && !known.contains($0) }
        }
        return lose(source, now)
    }

    /// Who was asked has answered; `nil`: has not, or cannot be asked.
    package mutating func answered(
        _ node: NodeID,
        _ offer: FeedOffer?,
        atMS now: UInt64
    ) -> [Action] {
        guard let offer, offer.hasRoom, !leadsHere(offer.path) else {
            if offers.drop(node) { rest(node, now) }
            return []
        }
        offers.note(node, age: offer.age, atMS: now)
        guard let source, node != source.node, source.hasSpoken,
            search.isWorthChanging(
                from: (source.tier, source.age),
                to: (sources.tier(of: node), offer.age)
            )
        else { return [] }
        leave()
        return [.leave, opened(node, now)]
    }

    // MARK: - Changing over

    /// Leaves the source for one that has just said that it has room, else for the next to be tried.
    private mutating func lose(_ lost: Source, _ now: UInt64) -> [Action] {
        rest(lost.node, now)
        if seekingSinceMS == nil { seekingSinceMS = lost.hasSpoken ? lost.heardAtMS : now }
        leave()
        return open(now)
    }

    private mutating func leave() {
        source = nil
        changeCount += 1
    }

    private mutating func open(_ now: UInt64) -> [Action] {
        let order = candidates(now)
        let next = offers.best(of: order, atMS: now) ?? order.first
        return next.map { [opened($0, now)] } ?? []
    }

    private mutating func opened(_ node: NodeID, _ now: UInt64) -> Action {
        source = Source(node: node, tier: sources.tier(of: node), heardAtMS: now)
        _ = offers.drop(node)
        nextAnchorMS = now + Self.anchorMS
        nextDoubtMS = 0
        search.begin(atMS: now, using: &generator)
        return .open(node)
    }

    /// Who may be tried now, the best first.
    private mutating func candidates(_ now: UInt64) -> [NodeID] {
        let since = seekingSinceMS ?? now
        seekingSinceMS = since
        // Invariant 4.
        let isLastResort = now - min(now, since) >= 2 * Self.silenceMS
        let order = sources.all(withLastResort: isLastResort) + named
        return order.filter { mayTry($0, now) }
    }

    private func leadsHere(_ path: [NodeID]) -> Bool {
        path.contains(me) || path.count >= FeedBeacon.longestPath
    }

    // MARK: - Asking

    /// Asks several whether they live, twice a second, while the source says nothing.
    private mutating func doubt(_ source: Source, _ now: UInt64) -> [Action] {
        guard now >= nextDoubtMS else { return [] }
        nextDoubtMS = now + 500
        let order = sources.all(withLastResort: false) + named
        let asked = order.filter { $0 != source.node && mayTry($0, now) }
        return asked.prefix(FeedOffers.mostAsked).map { .ask($0) }
    }

    private mutating func askSecond(beside source: Source, _ now: UInt64) -> [Action] {
        let order = sources.all(withLastResort: false) + named
        let usable = order.filter { $0 != source.node && mayTry($0, now) }
        guard let (asked, silent) = offers.next(of: usable, atMS: now) else { return [] }
        if let silent { rest(silent, now) }
        return asked.map { [.ask($0)] } ?? []
    }

    private mutating func searchBetter(than source: Source, _ now: UInt64) -> NodeID? {
        search.next(
            from: (source.tier, source.age),
            of: sources,
            except: source.node,
            atMS: now,
            using: &generator
        )
    }
}
