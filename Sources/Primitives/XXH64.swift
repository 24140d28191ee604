// SPDX-License-Identifier: Apache-2.0

/// xxHash, 64 bits: where a page lives on the ring, the same in every client of every language.
///
/// Test vectors, seed 0: the empty input gives `0xEF46DB3751D8E999`, "a" gives
/// `0xD24EC4F1A98C6E5B`, "abc" gives `0x44BC2CF5AD770999`.
/// - Source: xxHash fast digest algorithm, specification 0.1.1.
package enum XXH64 {
    private static let prime1: UInt64 = 0x9E37_79B1_85EB_CA87
    private static let prime2: UInt64 = 0xC2B2_AE3D_27D4_EB4F
    private static let prime3: UInt64 = 0x1656_67B1_9E37_79F9
    private static let prime4: UInt64 = 0x85EB_CA77_C2B2_AE63
    private static let prime5: UInt64 = 0x27D4_EB2F_1656_67C5

    package static func hash(_ bytes: [UInt8], seed: UInt64 = 0) -> UInt64 {
        var position = 0
        var hash: UInt64
        if bytes.count >= 32 {
            hash = stripes(bytes, seed: seed, position: &position)
        } else {
            hash = seed &+ prime5
        }
        hash &+= UInt64(bytes.count)
        return avalanche(tail(bytes, from: position, into: hash))
    }

    private static func stripes(_ bytes: [UInt8], seed: UInt64, position: inout Int) -> UInt64 {
        // Four variables: an array would be allocated for each hash.
        var (lane1, lane2) = (seed &+ prime1 &+ prime2, seed &+ prime2)
        var (lane3, lane4) = (seed, seed &- prime1)
        while bytes.count - position >= 32 {
            lane1 = round(lane1, word(bytes, position))
            lane2 = round(lane2, word(bytes, position + 8))
            lane3 = round(lane3, word(bytes, position + 16))
            lane4 = round(lane4, word(bytes, position + 24))
            position += 32
        }
        let sum = rotate(lane1, 1) &+ rotate(lane2, 7) &+ rotate(lane3, 12) &+ rotate(lane4, 18)
        return merge(lane4, into: merge(lane3, into: merge(lane2, into: merge(lane1, into: sum))))
    }

    private static func merge(_ lane: UInt64, into hash: UInt64) -> UInt64 {
        (hash ^ round(0, lane)) &* prime1 &+ prime4
    }

    private static func tail(_ bytes: [UInt8], from start: Int, into seed: UInt64) -> UInt64 {
        var hash = seed
        var position = start
        while bytes.count - position >= 8 {
            hash = rotate(hash ^ round(0, word(bytes, position)), 27) &* prime1 &+ prime4
            position += 8
        }
        if bytes.count - position >= 4 {
            let half = (0..<4).reduce(UInt64(0)) { $0 | UInt64(bytes[position + $1]) << (8 * $1) }
            hash = rotate(hash ^ (half &* prime1), 23) &* prime2 &+ prime3
            position += 4
        }
        for byte in bytes[position...] {
            hash = rotate(hash ^ (UInt64(byte) &* prime5), 11) &* prime1
        }
        return hash
    }

    private static func avalanche(_ value: UInt64) -> UInt64 {
        var hash = (value ^ (value >> 33)) &* prime2
        hash = (hash ^ (hash >> 29)) &* prime3
        return hash ^ (hash >> 32)
    }

    private static func round(_ lane: UInt64, _ word: UInt64) -> UInt64 {
        rotate(lane &+ word &* prime2, 31) &* prime1
    }

    private static func word(_ bytes: [UInt8], _ position: Int) -> UInt64 {
        // Safe because every bit pattern is an integer; the span checks the range.
        UInt64(
            littleEndian: unsafe bytes.span.bytes.unsafeLoadUnaligned(
                fromByteOffset: position,
                as: UInt64.self
            )
        )
    }

    private static func rotate(_ value: UInt64, _ count: UInt64) -> UInt64 {
        value << count | value >> (64 - count)
    }
}
