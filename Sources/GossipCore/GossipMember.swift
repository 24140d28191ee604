// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// One member as the catalog tells it: gossip knows of nobody else.
package struct GossipMember: Hashable, Sendable {
    package let node: NodeID
    /// What its region's name hashes to: only equality counts.
    package let region: UInt64
    /// Claims of an earlier incarnation are about something else and ignored.
    package let firstIncarnation: UInt64

    package init(node: NodeID, region: UInt64, firstIncarnation: UInt64 = 0) {
        self.node = node
        self.region = region
        self.firstIncarnation = firstIncarnation
    }
}

/// What a member says of itself in every packet: opinions, nothing that must not be lost.
package struct GossipFacts: Hashable, Sendable {
    /// Newest epoch of its region's ring that it has applied.
    package var ringEpoch: RingEpoch
    /// Newest revision of the catalog that it has applied.
    package var revision: Revision
    /// How busy it is, in thousandths.
    package var load: UInt16
    /// How full its cache is, in thousandths.
    package var fill: UInt16
    /// Counts what it said: of two, the later is true.
    package internal(set) var version: UInt32

    package init(
        ringEpoch: RingEpoch = .zero,
        revision: Revision = .zero,
        load: UInt16 = 0,
        fill: UInt16 = 0
    ) {
        self.ringEpoch = ringEpoch
        self.revision = revision
        self.load = load
        self.fill = fill
        version = 0
    }
}

/// What one member thinks of another.
package struct GossipView: Hashable, Sendable {
    package let node: NodeID
    /// As heard; of another region's member `suspect` at best while nothing is heard from there.
    package let state: MemberState
    package let incarnation: UInt64
    /// As it said last, in thousandths.
    package let load: UInt16
    package let fill: UInt16
}
