// SPDX-License-Identifier: Apache-2.0
import PlacementCore
import Primitives
import Testing

/// The table of Docs/placement.md, computed there by another implementation in another language.
@Suite struct GoldenVectorTests {
    typealias Row = (origin: UInt64, key: String, unit: UInt32, hash: UInt64, owners: [UInt64])

    // swift-format-ignore
    static let keys: [Row] = [
        (1,          "a",                        0,          0x9756_E8F4_B981_668A, [5, 4, 2, 3, 1]),
        (1,          "a",                        1,          0x97D7_DCDF_FBF0_6446, [5, 4, 2, 3, 1]),
        (2,          "a",                        0,          0x4833_02B1_E1B5_0252, [5, 1, 4, 3, 2]),
        (1,          "",                         0,          0xE233_5C33_B603_D71F, [5, 1, 4, 3, 2]),
        (1,          "train/shard-00001.tar",    0,          0x5EC6_7099_097D_9FEE, [5, 4, 1, 2, 3]),
        (1,          "train/shard-00001.tar",    3,          0x5E7C_986B_F834_43FA, [5, 4, 1, 2, 3]),
        (7,          "donn\u{E9}es/\u{E9}t\u{E9} 1.bin", 0,  0x6EB4_7035_4B40_DC04, [5, 4, 2, 1, 3]),
        (1,          "a//b/",                    0,          0xD88B_585E_D13E_E7BD, [5, 2, 4, 3, 1]),
        (UInt64.max, String(repeating: "x", count: 40), UInt32.max, 0xF794_B36C_AFBB_ECE3, [5, 2, 4, 3, 1]),
    ]

    // swift-format-ignore
    static let points: [(worker: UInt64, index: UInt32, point: UInt64)] = [
        (1,          0,    0x5C5A_146F_DB2E_7E06),
        (1,          1,    0x2B81_E9D6_7AD1_6F26),
        (1,          63,   0xB3A7_B308_FB30_ACDD),
        (2,          0,    0xFC20_F9AB_0CFF_AC3C),
        (UInt64.max, 4095, 0x0403_EA63_C255_E0FE),
    ]

    // swift-format-ignore
    static let members = [
        RingMember(id: NodeID(1), zone: "a", capacity: 100 << 30),
        RingMember(id: NodeID(2), zone: "a", capacity: 100 << 30),
        RingMember(id: NodeID(3), zone: "b", capacity: 200 << 30),
        RingMember(id: NodeID(4), zone: "c", capacity: 1 << 30),     // at least 64 points
        RingMember(id: NodeID(5), zone: "b", capacity: 5000 << 30),  // at most 4096
    ]

    private static func key(of row: Row) -> PlacementKey {
        PlacementKey(origin: OriginID(row.origin), key: ByteString(row.key), unit: row.unit)
    }

    @Test(arguments: keys.indices) func placementKey(row: Int) {
        let row = Self.keys[row]
        #expect(Self.key(of: row).hash == row.hash)
    }

    @Test(arguments: points.indices) func point(row: Int) {
        let row = Self.points[row]
        let member = RingMember(id: NodeID(row.worker), zone: "", capacity: 0)
        #expect(member.point(row.index) == row.point)
    }

    @Test(arguments: keys.indices) func owners(row: Int) {
        let row = Self.keys[row]
        let ring = Ring(epoch: RingEpoch(7), members: Self.members.reversed())
        #expect(ring.owners(of: row.hash, count: 5).map(\.rawValue) == row.owners)
        #expect(
            ring.owners(of: Self.key(of: row), replicas: 1).map(\.rawValue)
                == Array(row.owners.prefix(3))
        )
    }

    // swift-format-ignore
    @Test(arguments: [
        (UInt64(0),                    [UInt64(5), 2, 4]),
        (UInt64.max,                   [5, 2, 4]),  // behind the last point: wraps
        (0x5C5A_146F_DB2E_7E06,        [1, 5, 4]),  // exactly on a point of n1: that one
        (0x5C5A_146F_DB2E_7E07,        [5, 4, 1]),  // one behind: the next one
    ] as [(UInt64, [UInt64])])
    func edgesOfTheRing(hash: UInt64, owners: [UInt64]) {
        let ring = Ring(epoch: RingEpoch(7), members: Self.members)
        #expect(ring.owners(of: hash, count: 3).map(\.rawValue) == owners)
    }

    @Test func shareAndDigest() {
        let ring = Ring(epoch: RingEpoch(7), members: Self.members)
        #expect(ring.shares == [214, 195, 434, 121, 9036])
        #expect(ring.digest == 0x3C1C_D52E_8E95_3A0C)
        #expect(Ring(epoch: RingEpoch(8), members: Self.members).digest != ring.digest)
    }
}
