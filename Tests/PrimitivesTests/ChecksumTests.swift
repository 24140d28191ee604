// SPDX-License-Identifier: Apache-2.0

import Primitives
import Testing

struct ChecksumTests {
    // swift-format-ignore
    static let crcVectors: [(bytes: [UInt8], crc: UInt32)] = [
        ([],                                              0),
        (Array("123456789".utf8),                         0xE306_9283),
        (Array(repeating: 0, count: 32),                  0x8A91_36AA),  // RFC 3720 B.4
        (Array(repeating: 0xFF, count: 32),               0x62A8_AB43),
        (Array(0...31),                                   0x46DD_794E),
        (Array((0...31).reversed()),                      0x113F_DB5C),
    ]

    @Test(arguments: crcVectors)
    func crc32c(_ row: (bytes: [UInt8], crc: UInt32)) {
        #expect(CRC32C.checksum(row.bytes) == row.crc)
        #expect(CRC32C.checksum(([9] + row.bytes)[1...]) == row.crc)
    }

    /// Goal: any cut, alignment and length give what the bit-by-bit definition gives.
    @Test func crc32cEqualsItsDefinitionInPieces() {
        var generator = SplitMix64(seed: 7)
        let bytes = (0..<300).map { _ in UInt8.random(in: .min ... .max, using: &generator) }
        for count in 0...bytes.count {
            var expected: UInt32 = 0xFFFF_FFFF
            for byte in bytes[..<count] {
                expected ^= UInt32(byte)
                for _ in 0..<8 {
                    expected = expected >> 1 ^ (expected & 1 == 1 ? 0x82F6_3B78 : 0)
                }
            }
            expected ^= 0xFFFF_FFFF
            let cut = Int.random(in: 0...count, using: &generator)
            let first = CRC32C.checksum(bytes[..<cut])
            #expect(CRC32C.checksum(bytes[cut..<count], after: first) == expected)
        }
    }

    // swift-format-ignore
    static let hashVectors: [(text: String, seed: UInt64, hash: UInt64)] = [
        ("",                                              0,              0xEF46_DB37_51D8_E999),
        ("a",                                             0,              0xD24E_C4F1_A98C_6E5B),
        ("abc",                                           0,              0x44BC_2CF5_AD77_0999),
        ("Nobody inspects the spammish repetition",       0,              0xFBCE_A83C_8A37_8BF1),
        ("xxhash",                                        0,              0x32DD_3895_2C4B_C720),
        ("xxhash",                                        20_141_025,     0xB559_B98D_844E_0635),
    ]

    @Test(arguments: hashVectors)
    func xxh64(_ row: (text: String, seed: UInt64, hash: UInt64)) {
        #expect(XXH64.hash(Array(row.text.utf8), seed: row.seed) == row.hash)
    }

    /// The reference implementation's own sanity check, of its pseudo-random buffer.
    // swift-format-ignore
    static let sanityVectors: [(count: Int, seed: UInt64, hash: UInt64)] = [
        (1,   0,             0xE934_A84A_DB05_2768),
        (14,  0,             0x8282_DCC4_994E_35C8),
        (222, 0,             0xB641_AE8C_B691_C174),
        (1,   2_654_435_761, 0x5014_6076_43A9_B4C3),
        (14,  2_654_435_761, 0xC3BD_6BF6_3DEB_6DF0),
        (222, 2_654_435_761, 0x20CB_8AB7_AE10_C14A),
    ]

    @Test(arguments: sanityVectors)
    func xxh64SanityBuffer(_ row: (count: Int, seed: UInt64, hash: UInt64)) {
        var generator: UInt64 = 2_654_435_761
        let bytes = (0..<row.count).map { _ in
            let byte = UInt8(truncatingIfNeeded: generator >> 56)
            generator = generator &* 0x9E37_79B1_85EB_CA8D
            return byte
        }
        #expect(XXH64.hash(bytes, seed: row.seed) == row.hash)
    }

    @Test func splitMixIsTheSameEverywhere() {
        var generator = SplitMix64(seed: 1_234_567)
        let expected: [UInt64] = [
            6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
        ]
        #expect(expected == (0..<3).map { _ in generator.next() })
        #expect(!(0..<1000).contains { _ in generator.chance(percent: 0) })
        #expect((0..<1000).allSatisfy { _ in generator.chance(percent: 100) })
    }
}
