// SPDX-License-Identifier: Apache-2.0

import Primitives

/// The digests of one voter's own state, and what it has heard about them.
///
/// Bounded: a voter remembers its newest digests, and a verdict about an older one says nothing that
/// a newer one will not say again.
struct DigestLedger: Sendable {
    /// Digests remembered at most.
    static let limit = 16

    /// Of our own state, ascending.
    private(set) var points: [StateDigest] = []
    /// The newest index at which a majority holds the same, and what.
    private(set) var agreed: StateDigest?
    /// The newest index at which no majority holds the same; `nil` once a later one agreed.
    private(set) var disputed: LogIndex?
    /// A majority holds what we held here, so what we held before was no worse.
    private(set) var proven: LogIndex
    /// Until when, by a verdict of this term, there is nothing to report.
    private var settled: (term: Term, index: LogIndex)?
    /// When the newest digest was last reported, on our clock, and in which term.
    private var reported: (term: Term, timeMS: UInt64)?

    /// A snapshot is made durable only when proven (``Raft/provenIndex``), so one that was found is.
    init(proven: LogIndex) { self.proven = proven }

    var newest: StateDigest? { points.last }

    func value(at index: LogIndex) -> UInt64? { points.last { $0.index == index }?.value }

    /// `false` if it is no news.
    mutating func add(_ digest: StateDigest) -> Bool {
        guard digest.index > newest?.index ?? .zero else { return false }
        if points.count == Self.limit { points.removeFirst() }
        points.append(digest)
        reported = nil
        return true
    }

    // MARK: - Verdicts

    /// Takes note of a verdict; `false` if it is no news.
    mutating func take(_ verdict: StateVerdict, in term: Term) -> Bool {
        if verdict.index >= settled?.index ?? .zero || settled?.term != term {
            settled = (term, verdict.index)
        }
        guard verdict.index > agreed?.index ?? .zero else { return false }
        guard let value = verdict.agreed else {
            guard verdict.index > disputed ?? .zero else { return false }
            disputed = verdict.index
            return true
        }
        agreed = StateDigest(index: verdict.index, value: value)
        if let index = disputed, index <= verdict.index { disputed = nil }
        return true
    }

    mutating func prove(_ index: LogIndex) { proven = max(proven, index) }

    /// The state was thrown away, and everything said about it with it.
    mutating func forgetPoints() {
        points = []
        reported = nil
        settled = nil
    }

    // MARK: - Reports

    /// What the leader should be told now, if anything: the newest digest, until there is a verdict.
    mutating func report(in term: Term, now: UInt64, every intervalMS: UInt64) -> StateDigest? {
        guard let newest else { return nil }
        if let settled, settled.term == term, settled.index >= newest.index { return nil }
        if let reported, reported.term == term, now - min(now, reported.timeMS) < intervalMS {
            return nil
        }
        reported = (term, now)
        return newest
    }
}
