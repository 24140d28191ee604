// SPDX-License-Identifier: Apache-2.0
package import GossipCore
package import Primitives

/// What was counted in a world, since the last time it was set to zero.
package struct GossipTally: Sendable {
    package var datagrams: UInt64 = 0
    package var exchanges: UInt64 = 0
    /// With all headers down to IP.
    package var byteCount: UInt64 = 0
    package var longestDatagram = 0
    /// Times anybody suspected a process that ran and could be reached.
    package var falseSuspicions: UInt64 = 0
    /// Times anybody held such a process dead.
    package var falseDeaths: UInt64 = 0
    package var events: UInt64 = 0

    package init() {}
}

/// How the news of one member's new state went round, in milliseconds since it was true.
package struct GossipSpread: Sendable, Hashable {
    package let subject: NodeID
    package let state: MemberState
    package let sinceMS: UInt64
    /// When the first one suspected it.
    package internal(set) var suspectedMS: UInt64?
    /// When the first one knew.
    package internal(set) var firstMS: UInt64?
    /// When the last one knew.
    package internal(set) var lastMS: UInt64?
    var knowing: Int = 0
}
