// SPDX-License-Identifier: Apache-2.0
import GossipCore
import Primitives

/// One member's process and the machine it runs on.
struct GossipProcess: Sendable {
    enum Condition: Sendable {
        case running
        /// Its ports are closed: who connects is refused.
        case ended
        /// Its machine is gone: nothing comes back at all.
        case gone
    }

    var gossip: Gossip
    var condition = Condition.running
    /// Its monotonic clock is ahead of the world's by this.
    let clockOffsetMS: UInt64
    /// Until then it gets no processor: what comes waits.
    var asleepUntilMS: UInt64 = 0
    /// Datagrams that wait while it sleeps; more are lost.
    var waiting = 0
    /// When it is woken next.
    var wakeMS: UInt64 = .max
    /// Sleeps again and again, so long at most; 0 = does not.
    var starvedMS: UInt64 = 0
    /// Members of different sides do not reach each other.
    var side = 0
    /// In which life it is, and the highest incarnation of any.
    var life: UInt64 = 1
    var highestIncarnation: UInt64 = 0

    static let socketCapacity = 256

    var isRunning: Bool { condition == .running }
}
