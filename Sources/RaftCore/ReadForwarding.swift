// SPDX-License-Identifier: Apache-2.0

import Primitives

/// Reads that wait at a follower for the leader's word.
///
/// One request is under way at a time; everything that arrives meanwhile shares the next.
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

    var count: Int { waiting.count + asked.count }

    mutating func add(_ read: Read) { waiting.append(read) }

    mutating func ask(nonce: UInt64) {
        self.nonce = nonce
        asked = waiting
        waiting = []
    }

    /// Takes out what the answer to the request under way settles.
    mutating func takeAsked() -> [Read] {
        defer {
            asked = []
            nonce = nil
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
