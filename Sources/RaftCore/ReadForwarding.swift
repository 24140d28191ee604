// SPDX-License-Identifier: Apache-2.0

import Primitives

/// Reads that wait at a follower for the leader's word.
///
/// One request is under way at a time; everything that arrives meanwhile shares the next.
///
/// ```
///   asked ── no answer in twice the usual time ──▶ asked again, thrice at most, each after twice as
///     │                                            long ── deadline ──▶ given up
///     └── answer to any of them ──▶ answered
/// ```
/// All of them carry the same token: each was sent after the reads it names had come, so the answer to
/// any of them will do, a late one too. What comes later gets another token.
struct ReadForwarding: Sendable {
    struct Read: Sendable {
        let request: RaftRequestID
        let deadlineMS: UInt64
    }

    /// In order of arrival, and so of deadline.
    private(set) var waiting: [Read] = []
    private(set) var asked: [Read] = []
    /// Names the request under way; `nil` if there is none.
    private(set) var nonce: UInt64?
    /// When the request under way was sent first, and when it is sent again; on our clock.
    private var askedMS: UInt64 = 0
    private var againMS: UInt64?
    private var repetitions: UInt64 = 0
    /// From asking to the answer, smoothed, in milliseconds; `nil` before the first.
    private(set) var usualMS: UInt64?

    static let mostRepetitions: UInt64 = 3

    var count: Int { waiting.count + asked.count }

    mutating func add(_ read: Read) { waiting.append(read) }

    /// Asks for all that waits; again when the answer is overdue by these times.
    mutating func ask(nonce: UInt64, now: UInt64, _ times: RetryTimes) {
        self.nonce = nonce
        asked = waiting
        waiting = []
        askedMS = now
        repetitions = 0
        againMS = now + pauseMS(times)
    }

    /// When a request is repeated at the earliest, and where no answer was measured yet; after so many
    /// milliseconds.
    struct RetryTimes: Sendable {
        let leastMS: UInt64
        let unmeasuredMS: UInt64
    }

    private func pauseMS(_ times: RetryTimes) -> UInt64 {
        max(times.leastMS, usualMS.map { 2 * $0 } ?? times.unmeasuredMS)
    }

    /// The token to ask with again, if the answer is overdue.
    mutating func takeOverdue(now: UInt64, _ times: RetryTimes) -> UInt64? {
        guard let nonce, let due = againMS, now >= due else { return nil }
        repetitions += 1
        againMS =
            repetitions < Self.mostRepetitions ? now + pauseMS(times) << repetitions : nil
        return nonce
    }

    /// Takes note of how long the answer took: from the first time it was asked for, which is no less
    /// than the way there and back.
    mutating func answered(now: UInt64) {
        let tookMS = now - min(now, askedMS)
        usualMS = usualMS.map { (7 * $0 + tookMS + 4) / 8 } ?? tookMS
    }

    /// Takes out what the answer to the request under way settles.
    mutating func takeAsked() -> [Read] {
        defer {
            asked = []
            nonce = nil
            againMS = nil
        }
        return asked
    }

    mutating func takeAll() -> [Read] {
        defer { self = ReadForwarding() }
        return asked + waiting
    }

    /// Takes out what has waited too long.
    ///
    /// A request whose oldest read was given up is given up as a whole: its answer is likely lost.
    mutating func takeExpired(now: UInt64) -> [Read] {
        var expired: [Read] = []
        if let oldest = asked.first, oldest.deadlineMS <= now { expired = takeAsked() }
        let late = waiting.prefix { $0.deadlineMS <= now }
        waiting.removeFirst(late.count)
        return expired + late
    }
}
