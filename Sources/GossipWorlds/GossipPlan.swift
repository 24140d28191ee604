// SPDX-License-Identifier: Apache-2.0
package import GossipCore

/// What a world of gossiping members is like; everything else follows from its seed.
package struct GossipPlan: Sendable {
    package var seed: UInt64
    package var memberCount: Int
    /// Members are of them in turn.
    package var regionCount = 1
    package var settings = GossipSettings()
    /// Whether datagrams get through at all; connections do.
    package var hasDatagrams = true
    /// Datagrams lost, in thousandths.
    package var lossThousandths = 0
    /// Datagrams that come twice, in thousandths.
    package var duplicateThousandths = 0
    /// Datagrams of the last minutes that come once more, in thousandths of what is sent.
    package var replayThousandths = 0
    /// One way within a region: this and up to as much again, in milliseconds.
    package var delayMS: UInt64 = 1
    /// The same between regions.
    package var wideDelayMS: UInt64 = 60
    /// Connections that each process holds to others; they break when it dies.
    package var linkCount = 3
    /// Whether each packet is coded and read back.
    package var isCoded = true
    /// Whether processes count incarnations from one life to the next.
    package var isForgetful = false

    package init(seed: UInt64, memberCount: Int) {
        self.seed = seed
        self.memberCount = memberCount
    }
}
