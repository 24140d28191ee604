// SPDX-License-Identifier: Apache-2.0

import GossipCore
import Primitives
import Testing

/// Goal: the byte form stays what it is, and bytes that nobody vouches for give an error.
@Suite struct GossipPacketTests {
    private static let packet = GossipPacket(
        kind: .pingForMe,
        sequence: 0x0403_0201,
        sender: NodeID(5),
        incarnation: 6,
        isLeaving: true,
        target: NodeID(7),
        facts: GossipFacts(ringEpoch: RingEpoch(8), revision: Revision(9), load: 10, fill: 999),
        regions: [GossipPacket.RegionAge(region: 11, ageMS: 12)],
        rumours: [
            GossipRumour(
                NodeID(13),
                GossipClaim(.suspect, in: 14),
                by: NodeID(15),
                isRefused: true
            ),
            GossipRumour(NodeID(16), GossipClaim(.left, in: 17), by: NodeID(16)),
        ]
    )

    // swift-format-ignore
    private static let golden: [UInt8] = [
        1, 4, 1, 2, 3, 4,
        5, 0, 0, 0, 0, 0, 0, 0,   6, 0, 0, 0, 0, 0, 0, 0,   1,   7, 0, 0, 0, 0, 0, 0, 0,
        8, 0, 0, 0, 0, 0, 0, 0,   9, 0, 0, 0, 0, 0, 0, 0,   10, 0,   231, 3,   0, 0, 0, 0,
        1,   2, 0,
        11, 0, 0, 0, 0, 0, 0, 0,   12, 0, 0, 0,
        13, 0, 0, 0, 0, 0, 0, 0,   14, 0, 0, 0, 0, 0, 0, 0,   15, 0, 0, 0, 0, 0, 0, 0,   0x81,
        16, 0, 0, 0, 0, 0, 0, 0,   17, 0, 0, 0, 0, 0, 0, 0,   16, 0, 0, 0, 0, 0, 0, 0,   3,
    ]

    @Test func theByteFormIsGolden() throws {
        #expect(Self.packet.encode() == Self.golden)
        #expect(Self.packet.byteCount == Self.golden.count)
        #expect(try GossipPacket(decoding: Self.golden[...]) == Self.packet)
    }

    @Test func aPacketCutShortIsRefused() {
        for length in Self.golden.indices {
            #expect(throws: ByteDecodingError.self) {
                _ = try GossipPacket(decoding: Self.golden[..<length])
            }
        }
        #expect(throws: ByteDecodingError.trailing(byteCount: 1)) {
            _ = try GossipPacket(decoding: (Self.golden + [0])[...])
        }
    }

    // swift-format-ignore
    static let spoiled: [(place: Int, byte: UInt8, what: String)] = [
        (0,   2,    "a version of tomorrow"),
        (1,   0,    "no kind"),
        (1,   8,    "a kind of tomorrow"),
        (6,   0,    "no sender"),
        (21,  0x7F, "an incarnation that nobody reaches"),
        (22,  2,    "flags of tomorrow"),
        (55,  9,    "more regions than fit"),
        (56,  200,  "more rumours than there are"),
        (70,  0,    "a rumour about nobody"),
        (94,  0x80, "a port closed of one alive"),
        (94,  4,    "no state"),
    ]

    @Test(arguments: spoiled)
    func aSpoiledPacketIsRefused(place: Int, byte: UInt8, what: String) {
        var bytes = Self.golden
        bytes[place] = byte
        #expect(throws: ByteDecodingError.self, "\(what)") {
            _ = try GossipPacket(decoding: bytes[...])
        }
    }

    @Test func anyBytesAreReadOrRefused() {
        var random = SplitMix64(seed: 7)
        var readCount = 0
        for _ in 0..<20_000 {
            var bytes = Self.golden
            for _ in 0...random.below(3) {
                bytes[random.below(bytes.count)] = UInt8(truncatingIfNeeded: random.next())
            }
            if random.chance(percent: 30) { bytes = Array(bytes.prefix(random.below(120))) }
            guard let packet = try? GossipPacket(decoding: bytes[...]) else { continue }
            readCount += 1
            #expect(packet.encode() == bytes)  // What is read says all that was there.
            var member = Member(1, of: 20)
            member.give(.received(packet))
        }
        #expect(readCount > 1000, "\(readCount) were read: little was tested")
    }
}
