// SPDX-License-Identifier: Apache-2.0
import Primitives
import RaftCore

/// A leader's attempts to hand over because its disk is full.
struct Abdication {
    private var last: (atMS: UInt64, count: Int)?

    /// Whether the next attempt is due, at most one in `intervalMS`.
    func isDue(_ now: UInt64, every intervalMS: UInt64) -> Bool {
        last.map { now - $0.atMS >= intervalMS } ?? true
    }

    /// Who is asked now: whoever fits best at first (`nil`), then each of `others` in turn, because the
    /// best may have no space either.
    mutating func nextHeir(among others: [NodeID], at now: UInt64) -> NodeID? {
        let count = last?.count ?? 0
        last = (now, count + 1)
        return count == 0 ? nil : others[(count - 1) % others.count]
    }
}

extension RaftLoop {
    /// Hands leadership over while this voter's disk is full.
    mutating func leaveIfFull() {
        let status = core.status
        guard disk.isFull, status.role == .leader else { return abdication = Abdication() }
        let others = status.voters.deciders.map(\.node).filter { $0 != core.me.node }
        let now = ports.now()
        guard !others.isEmpty, abdication.isDue(now, every: core.settings.electionMS) else {
            return
        }
        step(.transferLeadership(to: abdication.nextHeir(among: others, at: now)))
    }
}
