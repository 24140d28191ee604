// SPDX-License-Identifier: Apache-2.0
package import Primitives

/// What members say to each other, in one datagram or over a connection.
package struct GossipPacket: Hashable, Sendable {
    package enum Kind: UInt8, Sendable, CaseIterable {
        /// Are you there, ``target``? Answer with ``sequence``.
        case ping = 1
        /// ``target`` answered a ping of this ``sequence``.
        case answer = 2
        /// ``target`` has not answered yet, but I am well: the ping of this ``sequence`` was passed on.
        case noAnswer = 3
        /// Ping ``target`` for me and tell me under this ``sequence``.
        case pingForMe = 4
        /// Rumours alone.
        case rumours = 5
        /// All that I believe; tell me what you do.
        case compare = 6
        /// All that I believe, because you asked.
        case compared = 7
    }

    /// When a region was heard from, as far as the sender knows.
    package struct RegionAge: Hashable, Sendable {
        package let region: UInt64
        package let ageMS: UInt32

        package init(region: UInt64, ageMS: UInt32) {
            self.region = region
            self.ageMS = ageMS
        }
    }

    package let kind: Kind
    package let sequence: UInt32
    package let sender: NodeID
    /// The sender's own; its being alive in it, or ``isLeaving``, is a claim of its own.
    package let incarnation: UInt64
    package let isLeaving: Bool
    /// Who is pinged, or spoken of.
    package let target: NodeID
    package let facts: GossipFacts
    package internal(set) var regions: [RegionAge]
    package internal(set) var rumours: [GossipRumour]

    package init(
        kind: Kind,
        sequence: UInt32,
        sender: NodeID,
        incarnation: UInt64,
        isLeaving: Bool = false,
        target: NodeID,
        facts: GossipFacts,
        regions: [RegionAge] = [],
        rumours: [GossipRumour] = []
    ) {
        self.kind = kind
        self.sequence = sequence
        self.sender = sender
        self.incarnation = incarnation
        self.isLeaving = isLeaving
        self.target = target
        self.facts = facts
        self.regions = regions
        self.rumours = rumours
    }

    /// Length of the coded form, in bytes.
    package var byteCount: Int {
        Self.headByteCount + regions.count * Self.regionByteCount
            + rumours.count * Self.rumourByteCount
    }

    static var headByteCount: Int { 58 }
    static var regionByteCount: Int { 12 }
    static var rumourByteCount: Int { 25 }
    /// Regions told of in one packet.
    static var regionLimit: Int { 8 }
}
