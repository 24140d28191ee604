// SPDX-License-Identifier: Apache-2.0
package import NIOCore

/// Whether the other end of a connection is still there, while something is due from it.
///
///     heard ──half the limit without a word──▶ asked ──as long again──▶ gone
///
/// A worker that works on a request need not speak of it, and one whose machine is cut off, or that
/// stands still, resets nothing: so it is asked, and answers that at once.
package struct ConnectionPulse {
    package enum Verdict: Equatable {
        case fine
        /// Ask it now; said once until something is heard.
        case ask
        case gone
    }

    private let limit: TimeAmount
    private var lastWord: NIODeadline
    private var askedAt: NIODeadline?

    /// A connection of which something was heard at `now`, and that is gone without another word for
    /// `limit`; asked after half of it.
    package init(limit: TimeAmount, now: NIODeadline) {
        self.limit = limit
        lastWord = now
    }

    /// Something came, or nothing was due until now.
    package mutating func restart(now: NIODeadline) {
        lastWord = now
        askedAt = nil
    }

    /// What to do at `now`, while something is due.
    package mutating func verdict(now: NIODeadline) -> Verdict {
        let half = TimeAmount.nanoseconds(limit.nanoseconds / 2)
        guard let askedAt else {
            guard now - lastWord >= half else { return .fine }
            askedAt = now
            return .ask
        }
        return now - askedAt >= half ? .gone : .fine
    }
}
