// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// What happens to a member.
package enum GossipInput: Sendable {
    /// Time has passed; wanted by ``Gossip/dueMS``.
    case tick
    /// Who exists, by the catalog; whoever is not among them is nobody, whatever is said of him.
    case members([GossipMember])
    /// A packet came whose sender proved that it knows the cluster's secret.
    case received(GossipPacket)
    /// A connection to this member was reset, or one to its port refused.
    case refused(NodeID)
    /// What to say of ourselves from now on.
    case facts(GossipFacts)
    /// This process is about to end.
    case leave
}

/// What a member wants done.
package enum GossipEffect: Sendable, Hashable {
    /// Send a datagram.
    case send(GossipPacket, to: NodeID)
    /// Send the answer to the packet that this step received, the way it came.
    case answer(GossipPacket)
    /// Ask over a connection, and give in what is answered; a refusal too, as ``GossipInput/refused(_:)``.
    case exchange(GossipPacket, with: NodeID)
    /// What is thought of a member has changed.
    case changed(NodeID, from: MemberState, to: MemberState, incarnation: UInt64)
    /// This member is behind: that one knows more.
    case behind(NodeID, ringEpoch: RingEpoch, revision: Revision)
}

/// What was met and left out, since the start.
package struct GossipCounters: Sendable, Hashable {
    /// Packets of nodes that the catalog does not name.
    package internal(set) var strangers: UInt64 = 0
    /// Rumours about nodes that the catalog does not name.
    package internal(set) var unknownSubjects: UInt64 = 0
    /// Packets for another node, or from ourselves.
    package internal(set) var misdirected: UInt64 = 0
    /// Probes that nobody answered in time.
    package internal(set) var failedProbes: UInt64 = 0
    /// Times this member had to object to what was said of it.
    package internal(set) var objections: UInt64 = 0
    /// Times this member found that it had been kept from running.
    package internal(set) var stalls: UInt64 = 0
    /// Rumours that gave way to others before they were told often enough.
    package internal(set) var droppedRumours: UInt64 = 0
}
