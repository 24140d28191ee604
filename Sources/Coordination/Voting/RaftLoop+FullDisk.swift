// SPDX-License-Identifier: Apache-2.0
import Primitives
import RaftCore

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
