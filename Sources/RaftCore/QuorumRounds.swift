// SPDX-License-Identifier: Apache-2.0

/// The heartbeat rounds of one leader, each a token that is never used twice within its term.
///
/// An answer to round `n` says: when it was sent, the sender still followed this leader, that is,
/// at some moment after round `n` was sent. It says nothing about rounds made later, so a delayed
/// answer cannot confirm a later read (etcd#20418).
struct QuorumRounds: Sendable {
    /// The newest round made; 0 if none was.
    private(set) var latest: UInt64 = 0
    /// The newest round that a quorum answered.
    private(set) var confirmed: UInt64 = 0
    /// When ``confirmed`` was sent, on our clock.
    private(set) var confirmedAtMS: UInt64
    /// Rounds not confirmed yet, oldest first.
    private var waiting: [(round: UInt64, sentMS: UInt64)] = []
    /// When the newest rounds were sent, confirmed or not; round `n` at `n % sentLimit`.
    private var sentMS: [UInt64] = []

    /// Rounds whose time of sending is remembered, for round trips: several seconds of heartbeats.
    private static let sentLimit: UInt64 = 256

    /// Most rounds remembered at a time.
    ///
    /// Older ones are forgotten and confirmed by a newer one.
    private static let limit = 1_024

    /// - Parameter electedAtMS: When the votes that made this leader were asked for.
    init(electedAtMS: UInt64) { confirmedAtMS = electedAtMS }

    mutating func make(now: UInt64) -> UInt64 {
        latest += 1
        if waiting.count == Self.limit { waiting.removeFirst() }
        waiting.append((latest, now))
        let place = Int(latest % Self.sentLimit)
        if sentMS.isEmpty { sentMS = Array(repeating: now, count: Int(Self.sentLimit)) }
        sentMS[place] = now
        return latest
    }

    /// When a round was sent, on our clock; `nil` if that is forgotten.
    func sentMS(of round: UInt64) -> UInt64? {
        guard round > 0, round <= latest, latest - round < Self.sentLimit else { return nil }
        return sentMS[Int(round % Self.sentLimit)]
    }

    /// Takes note that a quorum has answered `round` or a later one each; `false` if that is no news.
    mutating func confirm(_ round: UInt64) -> Bool {
        guard round > confirmed, round <= latest else { return false }
        confirmed = round
        var settledCount = 0
        while settledCount < waiting.count, waiting[settledCount].round <= round {
            confirmedAtMS = waiting[settledCount].sentMS
            settledCount += 1
        }
        waiting.removeFirst(settledCount)
        return true
    }
}
