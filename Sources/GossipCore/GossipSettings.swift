// SPDX-License-Identifier: Apache-2.0

/// The times and bounds of gossip, in milliseconds; the same on every member.
///
/// The defaults are measured in the simulator: `Docs/gossip.md`.
package struct GossipSettings: Sendable, Hashable {
    /// From one probe to the next, of a healthy member.
    package var probeIntervalMS: UInt64 = 500
    /// How long an answer may take before others are asked to look too.
    package var probeTimeoutMS: UInt64 = 200
    /// How many others are asked.
    package var helperCount = 3
    /// Factor of ``suspicionFloorMS(memberCount:)``.
    package var suspicionFactor: UInt64 = 3
    /// So many times as long a suspicion lasts that nobody confirms.
    package var suspicionSpread: UInt64 = 6
    /// Confirmations that bring a suspicion down to the floor.
    package var confirmationCount = 3
    /// Worst local health: a member that finds itself slow waits so many times longer, plus one.
    package var worstAwareness: UInt64 = 8
    /// From one round of rumours to the next, while there are any.
    package var gossipIntervalMS: UInt64 = 100
    /// Members told in a round.
    package var fanOut = 3
    /// λ of ``rumourLimit(memberCount:)``.
    package var retransmissionFactor = 2
    /// How often all is compared with one other member, of up to 32; of more, longer.
    package var exchangeIntervalMS: UInt64 = 30_000
    /// Bytes of an encoded packet in a datagram.
    package var datagramByteCount = 1_400 - 36
    /// Bytes of an encoded packet over a connection.
    package var exchangeByteCount = 256 << 10
    /// A step that comes later than it was due by this much was kept from running.
    package var stallMS: UInt64 = 100
    /// Members of a region that speak with other regions.
    package var bridgeCount = 3
    /// How often each of them does.
    package var bridgeIntervalMS: UInt64 = 1_000
    /// Without a word from a region for this long, its members are suspects at best.
    package var regionSilenceMS: UInt64 = 15_000
    /// Rumours waiting to be told, at most; the most told give way.
    package var rumourCount = 4_096

    package init() {}

    /// How often one rumour is told by one member before it is dropped.
    ///
    ///     λ · ⌈log₂(memberCount + 1)⌉    [packets]
    ///
    /// Integer only, so every node computes the same limit. Example: λ = 2 and 7 members give 6.
    /// - Source: "SWIM", DSN 2002, §4.1 (λ log n).
    package func rumourLimit(memberCount: Int) -> Int {
        let count = max(1, memberCount)
        return retransmissionFactor * (Int.bitWidth - count.leadingZeroBitCount)
    }

    /// How long a suspicion lasts that as many confirm as can.
    ///
    ///     factor · max(1, log₁₀ memberCount) · probe interval    [ms]
    ///
    /// 1.5 s up to 10 members, 3 s of 100, 4.5 s of 1,000.
    /// - Source: Dadgar, Phillips, Currey, "Lifeguard", 2017, §IV.
    package func suspicionFloorMS(memberCount: Int) -> UInt64 {
        suspicionFactor * probeIntervalMS * max(1000, Self.log10Thousandths(memberCount)) / 1000
    }

    /// How long a suspicion lasts with so many confirmations, of as many as there can be.
    ///
    ///     max − (max − min) · log(confirmations + 1) / log(possible + 1)
    package func suspicionMS(memberCount: Int, confirmations: Int, possible: Int) -> UInt64 {
        let floor = suspicionFloorMS(memberCount: memberCount)
        guard possible > 0, confirmations < possible else { return floor }
        let share =
            Self.log10Thousandths(confirmations + 1) * 1000
            / Self.log10Thousandths(possible + 1)
        return floor * suspicionSpread - floor * (suspicionSpread - 1) * share / 1000
    }

    /// Between comparisons: longer where there are many, so that each is compared with as often.
    func exchangeIntervalMS(memberCount: Int) -> UInt64 {
        guard memberCount > 32 else { return exchangeIntervalMS }
        let doublings = Int.bitWidth - ((memberCount - 1) / 32).leadingZeroBitCount
        return exchangeIntervalMS * UInt64(1 + doublings)
    }

    /// log₁₀ in thousandths, at most 0.03 too low: straight lines between powers of two.
    static func log10Thousandths(_ value: Int) -> UInt64 {
        guard value > 1 else { return 0 }
        let whole = Int.bitWidth - 1 - value.leadingZeroBitCount
        let rest = ((value - (1 << whole)) * 1000) >> whole
        return UInt64(whole * 1000 + rest) * 301 / 1000
    }
}
