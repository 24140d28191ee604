// SPDX-License-Identifier: Apache-2.0

import Primitives

/// Reads that wait at a leader for the proof that it still leads (ReadIndex, thesis §6.4).
///
/// ```
///   waiting ──── round made ────▶ asked ──── quorum answered that round or a later ────▶ answered
/// ```
/// One round is under way at a time; everything that arrives meanwhile shares the next.
struct ReadQueue: Sendable {
    /// Whose read it is.
    enum Reader: Sendable, Equatable {
        case local(RaftRequestID)
        /// All reads that wait at one follower.
        case remote(Voter, nonce: UInt64)
    }

    /// Reads that the answers to `round` settle, with the commit index when it was made.
    struct Round: Sendable {
        let round: UInt64
        let index: LogIndex
        let readers: [Reader]
    }

    private var waiting: [Reader] = []
    private var asked: Round?
    /// When everybody is asked for the round under way, on our clock; `nil`: everybody was.
    var asksAllMS: UInt64?

    var count: Int { waiting.count + (asked?.readers.count ?? 0) }

    /// Whether a round should be made for what waits.
    var wantsRound: Bool { asked == nil && !waiting.isEmpty }

    mutating func add(_ reader: Reader) { waiting.append(reader) }

    mutating func ask(round: UInt64, index: LogIndex) {
        asked = Round(round: round, index: index, readers: waiting)
        waiting = []
    }

    /// Takes out what a quorum's answers up to `confirmed` settle.
    mutating func takeSettled(confirmed: UInt64) -> Round? {
        guard let asked, asked.round <= confirmed else { return nil }
        self.asked = nil
        asksAllMS = nil
        return asked
    }

    mutating func takeAll() -> [Reader] {
        defer { self = ReadQueue() }
        return (asked?.readers ?? []) + waiting
    }
}
