// SPDX-License-Identifier: Apache-2.0
package import Primitives

// Byte form, little-endian: version, kind (u8), sequence (u32), sender, incarnation (u64), flags (u8),
// target, ring epoch, revision (u64), load, fill (u16), facts' version (u32), count of regions (u8),
// of rumours (u16); a region: u64, age u32; a rumour: node, incarnation, reporter (u64), state and
// flag (u8).
extension GossipPacket {
    package static let version: UInt8 = 1

    private static let leavingFlag: UInt8 = 1
    private static let refusedFlag: UInt8 = 0x80

    package func encode() -> [UInt8] {
        var writer = ByteWriter(reservingCapacity: byteCount)
        writer.write(Self.version)
        writer.write(kind.rawValue)
        writer.write(sequence)
        writer.write(sender.rawValue)
        writer.write(incarnation)
        writer.write(isLeaving ? Self.leavingFlag : 0)
        writer.write(target.rawValue)
        writer.write(facts.ringEpoch.rawValue)
        writer.write(facts.revision.rawValue)
        writer.write(facts.load)
        writer.write(facts.fill)
        writer.write(facts.version)
        writer.write(UInt8(regions.count))
        writer.write(UInt16(rumours.count))
        for region in regions {
            writer.write(region.region)
            writer.write(region.ageMS)
        }
        for rumour in rumours {
            writer.write(rumour.node.rawValue)
            writer.write(rumour.claim.incarnation)
            writer.write(rumour.reporter.rawValue)
            writer.write(rumour.claim.state.rawValue | (rumour.isRefused ? Self.refusedFlag : 0))
        }
        return writer.bytes
    }

    /// Reads a packet; nothing may be left behind it.
    package init(decoding bytes: ArraySlice<UInt8>) throws(ByteDecodingError) {
        var reader = ByteReader(bytes)
        let version = try reader.integer(UInt8.self)
        guard version == Self.version else {
            throw .unsupportedVersion(
                of: "gossip packet",
                found: UInt64(version),
                newest: UInt64(Self.version)
            )
        }
        let kind = try reader.integer(UInt8.self)
        guard let known = Kind(rawValue: kind) else {
            throw .invalid(what: "kind of gossip packet", value: UInt64(kind))
        }
        self.kind = known
        sequence = try reader.integer()
        sender = try reader.gossipNode()
        incarnation = try reader.incarnation()
        let flags = try reader.integer(UInt8.self)
        guard flags <= Self.leavingFlag else {
            throw .invalid(what: "flags of gossip packet", value: UInt64(flags))
        }
        isLeaving = flags == Self.leavingFlag
        target = NodeID(try reader.integer())
        facts = try GossipFacts(from: &reader)
        let regionCount = Int(try reader.integer(UInt8.self))
        let rumourCount = Int(try reader.integer(UInt16.self))
        guard regionCount <= Self.regionLimit else {
            throw .invalid(what: "count of regions", value: UInt64(regionCount))
        }
        let expected = regionCount * Self.regionByteCount + rumourCount * Self.rumourByteCount
        guard expected <= reader.byteCountLeft else {
            throw .truncated(needed: expected, left: reader.byteCountLeft)
        }
        regions = []
        for _ in 0..<regionCount {
            regions.append(
                RegionAge(region: try reader.integer(), ageMS: try reader.integer())
            )
        }
        rumours = []
        rumours.reserveCapacity(rumourCount)
        for _ in 0..<rumourCount { rumours.append(try Self.rumour(from: &reader)) }
        try reader.finish()
    }

    private static func rumour(
        from reader: inout ByteReader
    ) throws(ByteDecodingError) -> GossipRumour {
        let node = try reader.gossipNode()
        let incarnation = try reader.incarnation()
        let reporter = NodeID(try reader.integer())
        let byte = try reader.integer(UInt8.self)
        let isRefused = byte & refusedFlag != 0
        guard let state = MemberState(rawValue: byte & ~refusedFlag),
            !isRefused || state == .suspect
        else { throw .invalid(what: "state of a member", value: UInt64(byte)) }
        return GossipRumour(
            node,
            GossipClaim(state, in: incarnation),
            by: reporter,
            isRefused: isRefused
        )
    }
}

extension GossipFacts {
    fileprivate init(from reader: inout ByteReader) throws(ByteDecodingError) {
        self.init(
            ringEpoch: RingEpoch(try reader.integer()),
            revision: Revision(try reader.integer()),
            load: try reader.integer(),
            fill: try reader.integer()
        )
        version = try reader.integer()
    }
}

extension ByteReader {
    fileprivate mutating func gossipNode() throws(ByteDecodingError) -> NodeID {
        let node = try integer(UInt64.self)
        guard node > 0 else { throw .invalid(what: "node", value: node) }
        return NodeID(node)
    }

    fileprivate mutating func incarnation() throws(ByteDecodingError) -> UInt64 {
        let incarnation = try integer(UInt64.self)
        guard incarnation <= GossipClaim.highestIncarnation else {
            throw .invalid(what: "incarnation", value: incarnation)
        }
        return incarnation
    }
}
